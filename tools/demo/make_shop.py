"""Makes a sample shop as a SQLite database: make_shop.py FILE [ORDERS]. The same file every time."""

import random
import sqlite3
import sys

STATUS = ["paid", "shipped", "delivered", "returned", "open"]
WEIGHT = [20, 25, 40, 5, 10]
CITIES = ["Aachen", "Bern", "Cork", "Delft", "Évora", "Faro", "Göteborg", "Helsinki"]
SCHEMA = """
create table customers (id integer primary key, name text not null, city text);
create table orders (
  id integer primary key, customer_id integer not null references customers (id), status text not null,
  placed_at text not null, total decimal(12,2) not null, note text);
create table items (
  order_id integer not null references orders (id), line integer not null, product text not null,
  quantity integer not null, price decimal(10,2) not null, primary key (order_id, line));
"""


def customers(count, rng):
    for i in range(1, count + 1):
        yield i, f"customer {i:06d}", None if rng.random() < 0.02 else rng.choice(CITIES)


def orders_and_items(count, customer_count, rng):
    """One order and its items at a time. Prices end in quarters, so that SQLite holds them exactly."""
    for i in range(1, count + 1):
        day = i * 700 // count
        stamp = f"{2024 + day // 360}-{day % 360 // 30 + 1:02d}-{day % 30 + 1:02d} {i % 24:02d}:{i % 60:02d}:00"
        items = [
            (i, line, f"product {rng.randrange(1, 500):03d}", rng.randrange(1, 6), rng.randrange(2, 400) * 0.25)
            for line in range(1, rng.randrange(1, 4) + 1)
        ]
        total = sum(quantity * price for _, _, _, quantity, price in items)
        note = None if i % 10 else "gift wrap, please: “schön”"
        status = rng.choices(STATUS, WEIGHT)[0]
        yield (i, rng.randrange(1, customer_count + 1), status, stamp, total, note), items


def main():
    path, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    rng = random.Random(20240101)
    customer_count = max(1, count // 20)
    with sqlite3.connect(path) as db:
        db.executescript(SCHEMA)
        db.executemany("insert into customers values (?, ?, ?)", customers(customer_count, rng))
        items = []
        for order, lines in orders_and_items(count, customer_count, rng):
            db.execute("insert into orders values (?, ?, ?, ?, ?, ?)", order)
            items += lines
        db.executemany("insert into items values (?, ?, ?, ?, ?)", items)
    print(f"{path}: {customer_count} customers, {count} orders, {len(items)} items")


if __name__ == "__main__":
    main()
