"""MariaDB and PostgreSQL into the lake: whole tables whatever their keys look like, queries, doctor, plan."""

import random

import pytest

import lakes
from conftest import ORDERS, shop_rows
from program import OK, files_below

SMALL = ["--parallel", "3", "--chunk-rows-min", "50", "--chunks-per-connection", "8"]


def test_a_table_arrives_once_with_every_value(sluice, database):
    report = sluice.import_(*database.source(), "--table", "orders", "--to", "landing.orders", *SMALL)
    (table,) = report["tables"]
    assert table["rows_read"] == table["rows_committed"] == ORDERS and table["splits"] > 3
    assert report["snapshot"]["consistency"] == "snapshot", report["snapshot"]
    rows = sorted(lakes.rows(sluice.lake, "landing.orders"), key=lambda r: r["id"])
    assert [tuple(row.values()) for row in rows] == list(shop_rows())


def test_several_tables_in_one_snapshot(sluice, database):
    report = sluice.import_(*database.source(), "--tables", "orders,items", "--to", "landing", *SMALL)
    assert {t["target"]: t["rows_committed"] for t in report["tables"]} == {"landing.items": 600, "landing.orders": ORDERS}


def test_query_condition_columns(sluice, database):
    sluice.import_(*database.source(), "--query", "select state, count(*) as n from orders group by state", "--to", "landing.counts")
    assert {r["state"]: int(r["n"]) for r in sluice.sql("select * from landing.counts")} == {"paid": 300, "open": 300, "returned": 300, None: 300}
    sluice.import_(*database.source(), "--table", "orders", "--where", "state = 'paid'", "--columns", "cents,id", "--to", "landing.paid", *SMALL)
    assert sluice.value("select count(*) from landing.paid") == 300
    assert [c["column_name"] for c in sluice.sql("describe landing.paid")] == ["cents", "id"]


KEYS = {
    "no key": ("k int", lambda rng, i: rng.randrange(50)),
    "all null": ("k int", lambda rng, i: None),
    "null key": ("k int", lambda rng, i: None if rng.random() < 0.2 else rng.randrange(-1000, 1000)),
    "outlier": ("k bigint primary key", lambda rng, i: 2**62 if i == 0 else i),
    "negative and gaps": ("k bigint primary key", lambda rng, i: (i - 300) * 1_000_003),
    "float": ("k double precision", lambda rng, i: rng.choice([rng.gauss(0, 1e6), 0.1, -0.0, 1e300])),
    "decimal": ("k decimal(30,10) primary key", lambda rng, i: f"{(i - 300)}.{i % 10_000:010d}"),
    "one value": ("k int not null", lambda rng, i: 7),
    "text": ("k varchar(40) primary key", lambda rng, i: f"{rng.choice(['a', 'B', 'ü', 'Z', 'ß', ' ', '_%'])}{i}"),
    "uuid text": ("k char(36) primary key", lambda rng, i: f"{rng.getrandbits(128):032x}"),
    "date": ("k date", lambda rng, i: f"20{rng.randrange(10, 30)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}"),
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("split", ["chosen", "given"])
def test_every_row_once_whatever_the_key(sluice, database, name, split):
    declared, make = KEYS[name]
    rng = random.Random(f"{name} {database.scheme}")
    rows = [(make(rng, i), i) for i in range(900)]
    database.run("drop table if exists keyed", f"create table keyed ({declared}, v int)")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("insert into keyed values (%s, %s)", rows)
        if database.scheme == "postgresql":
            cursor.execute("analyze keyed")
        else:
            cursor.execute("analyze table keyed")
    if "primary" not in declared and name != "no key":
        database.run("create index keyed_k on keyed (k)")
    words = ["--split-by", "k"] if split == "given" else []
    report = sluice.import_(*database.source(), "--table", "keyed", "--to", "landing.keyed", *SMALL, *words)
    found = sorted(r["v"] for r in lakes.rows(sluice.lake, "landing.keyed"))
    assert found == list(range(900)), report["tables"][0]["split_method"]


def test_unsigned_and_composite_and_collation(sluice, mariadb):
    mariadb.run("drop table if exists wide_key", "create table wide_key (a bigint unsigned, b varchar(10) collate utf8mb4_general_ci, c int, primary key (a, b, c))")
    rows = [(18446744073709551615 - i % 5, "aAbB"[i % 4] + str(i // 20), i) for i in range(700)] + [(i % 3, "x", i) for i in range(500)]
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("insert into wide_key values (%s, %s, %s)", rows)
    sluice.import_(*mariadb.source(), "--table", "wide_key", "--to", "landing.w", *SMALL)
    found = sorted((int(r["a"]), r["b"], r["c"]) for r in lakes.rows(sluice.lake, "landing.w"))
    assert found == sorted(rows)


def test_odd_names(sluice, database):
    quote = "`" if database.scheme == "mysql" else '"'
    name = f"{quote}Odd name; drop table orders --{quote}"
    column = f"{quote}a b'c{quote}"
    database.run(f"drop table if exists {name}", f"create table {name} (id int primary key, {column} int)", f"insert into {name} values (1, 2)")
    sluice.import_(*database.source(), "--table", "Odd name; drop table orders --", "--to", "landing.odd")
    assert lakes.rows(sluice.lake, "landing.odd") == [{"id": 1, "a b'c": 2}]
    database.run(f"drop table {name}")
    assert database.run("select count(*) from orders")[0][0] == ORDERS


def test_partitioned_table_and_view(sluice, database):
    parts = ("partition by range (id) (partition p0 values less than (300), partition p1 values less than maxvalue)"
             if database.scheme == "mysql" else "partition by range (id)")
    database.run("drop view if exists seen", "drop table if exists parted", f"create table parted (id int not null, v int) {parts}")
    if database.scheme == "postgresql":
        database.run("create table parted_a partition of parted for values from (minvalue) to (300)",
                     "create table parted_b partition of parted for values from (300) to (maxvalue)")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("insert into parted values (%s, %s)", [(i, i) for i in range(700)])
    database.run("create view seen as select v from parted where v < 500")
    sluice.import_(*database.source(), "--table", "parted", "--to", "landing.parted", *SMALL)
    sluice.import_(*database.source(), "--table", "seen", "--to", "landing.seen", *SMALL)
    assert sorted(r["v"] for r in lakes.rows(sluice.lake, "landing.parted")) == list(range(700))
    assert sorted(r["v"] for r in lakes.rows(sluice.lake, "landing.seen")) == list(range(500))


def test_doctor_and_plan_say_what_is_there(sluice, database):
    doctor = sluice.run("doctor", *database.source(), "--json", code=OK).json()
    assert ("MariaDB" if database.scheme == "mysql" else "PostgreSQL") in doctor["server"]
    assert all(finding["level"] in ("ok", "warning") for finding in doctor["findings"]), doctor
    plan = sluice.run("plan", *database.source(), "--table", "orders", "--to", "landing.orders", *SMALL, "--json", code=OK).json()["tables"][0]
    assert len(plan["splits"]) > 3 and plan["estimated_rows"] > 0
    assert all(column["fidelity"] == "exact" for column in plan["schema"]["columns"])
    assert not sluice.lake.exists()


def test_connections_are_counted_and_given_back(sluice, database):
    count = ("select count(*) from information_schema.processlist where user = 'sluice'" if database.scheme == "mysql"
             else "select count(*) from pg_stat_activity where usename = 'sluice'")
    running = sluice.start("import", *database.source(), "--table", "orders", "--to", "landing.orders", "--parallel", "3", "--batch-rows", "50",
                           "--chunk-rows-min", "50", env={"SLUICE_FAILPOINTS": "trace;pipeline.after_batch=delay:100@*"})
    running.wait_for("failpoint pipeline.after_batch pass 2")
    during = database.run(count)[0][0] - 1
    assert running.finish().code == OK
    assert 3 <= during <= 5, f"{during} connections for --parallel 3"
    from waiting import wait_until

    wait_until(lambda: database.run(count)[0][0] == 1, "the connections to be closed")


def test_nothing_is_left_beside_the_lake(sluice, database):
    sluice.import_(*database.source(), "--table", "orders", "--to", "landing.orders", *SMALL)
    assert {name.split("/")[0] for name in files_below(sluice.home)} == {"lake"}
