#!/usr/bin/env bash
# The tour of README.md, run for real in build/demo: a shop in SQLite, into the lake, and questions to the lake.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=$root/build/demo
rm -rf "$dir"; mkdir -p "$dir"; cd "$dir"
export PATH="$root/build/release:$PATH" SLUICE_LAKE="$dir/lake"

run() {
  printf '\n$'; printf ' %q' "$@" | sed "s/\\\\ / /g"; printf '\n'
  "$@"
}

echo "A sample shop, in SQLite:"
run python3 "$root/tools/demo/make_shop.py" shop.db 200000
run sluice import sqlite:///shop.db --table orders --to landing.orders
run sluice import sqlite:///shop.db --tables 'customers,items' --to landing
run sluice tables
run sluice sql 'select status, count(*), sum(total) from landing.orders group by 1 order by 2 desc'
run sluice sql 'select c.city, count(*) as orders, sum(i.quantity * i.price) as value
from landing.orders o join landing.items i on i.order_id = o.id join landing.customers c on c.id = o.customer_id
group by c.city order by value desc limit 3'
run sluice table landing.orders

cat <<END

What happened: a SQLite database with 200000 orders was made and read by several connections at once. Each table became
an Apache Iceberg table in build/demo/lake (Parquet data and Iceberg metadata under landing/, the catalog in catalog.db),
published by one commit. The queries ran on those files. Nothing was started or configured.
Yours to try: cd build/demo && ../release/sluice --lake lake sql 'show tables'
END
