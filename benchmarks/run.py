#!/usr/bin/env python3
"""Imports against the raw drain of the same query with the same number of connections, in one run.

  benchmarks/run.py [--connections 4] [--scale 0.5] [--rounds 3] [--only mariadb|postgresql]

Data: TPC-H lineitem at scale 0.5 (3 million rows, 16 columns), generated, loaded once into servers below build/bench.
Drain and import alternate; the median of the rounds counts. The table goes to stdout and benchmarks/results/latest.md.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import servers  # noqa: E402  the same servers as in the tests

SLUICE = ROOT / "build" / "release" / "sluice"
DRAINS = ROOT / "build" / "release" / "benchmarks"
COLUMNS = """l_orderkey bigint not null, l_partkey bigint not null, l_suppkey bigint not null, l_linenumber int not null,
  l_quantity decimal(15,2) not null, l_extendedprice decimal(15,2) not null, l_discount decimal(15,2) not null, l_tax decimal(15,2) not null,
  l_returnflag char(1) not null, l_linestatus char(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null,
  l_shipinstruct char(25) not null, l_shipmode char(10) not null, l_comment varchar(44) not null, primary key (l_orderkey, l_linenumber)"""
FORMATS = "bbbb" + "tttt" + "bb" + "bbb" + "bbb"
GENERATE = """
import pathlib, sys, duckdb, duckdb_extension_tpch
(extension,) = pathlib.Path(duckdb_extension_tpch.__path__[0]).rglob("tpch.duckdb_extension")
made = duckdb.connect()
made.execute(f"load '{extension}'")
made.execute(f"call dbgen(sf = {sys.argv[1]})")
made.execute(f"copy lineitem to '{sys.argv[2]}' (format csv, header true)")
"""
SUMS = "count(*), sum(l_orderkey), sum(l_extendedprice), max(l_comment), sum(l_linenumber), min(l_shipdate)"


def table_file(folder, scale):
    path = folder / f"lineitem-{scale}.csv"
    if not path.exists():
        # In a process of its own: what this one holds would count as peak memory of its children.
        subprocess.run([sys.executable, "-c", GENERATE, str(scale), str(folder / "part")], check=True)
        (folder / "part").rename(path)
    return path


class MariaDb:
    name = "MariaDB"

    def __init__(self, folder, data, scale):
        self.server = servers.MariaDb(folder / "mariadb")
        if self.loaded() != str(scale):
            self.server.run("drop table if exists lineitem, loaded", f"create table lineitem ({COLUMNS})")
            with self.server.connect(local_infile=True) as connection, connection.cursor() as cursor:
                cursor.execute(f"load data local infile '{data}' into table lineitem fields terminated by ',' optionally enclosed by '\"' ignore 1 lines")
            self.server.run("analyze table lineitem", f"create table loaded as select '{scale}' as scale")

    def loaded(self):
        found = self.server.run("select 1 from information_schema.tables where table_schema = 'shop' and table_name = 'loaded'")
        return self.server.run("select scale from loaded")[0][0] if found else None

    def drain(self, queries):
        return [DRAINS / "drain_mariadb", "127.0.0.1", str(self.server.port), "sluice", servers.PASSWORD, "shop", *queries]


class PostgreSql:
    name = "PostgreSQL"

    def __init__(self, folder, data, scale):
        self.server = servers.PostgreSql(folder / "postgresql")
        if self.loaded() != str(scale):
            self.server.run("drop table if exists lineitem, loaded", f"create table lineitem ({COLUMNS})")
            with self.server.connect() as connection, connection.cursor() as cursor, open(data, "rb") as source:
                with cursor.copy("copy lineitem from stdin with (format csv, header true)") as copy:
                    while block := source.read(1 << 20):
                        copy.write(block)
            self.server.run("vacuum (analyze, freeze) lineitem", f"create table loaded as select '{scale}'::text as scale")

    def loaded(self):
        found = self.server.run("select to_regclass('loaded')")[0][0]
        return self.server.run("select scale from loaded")[0][0] if found else None

    def drain(self, queries):
        conninfo = f"host=127.0.0.1 port={self.server.port} user=sluice password={servers.PASSWORD} dbname=shop sslmode=disable gssencmode=disable"
        return [DRAINS / "drain_postgresql", conninfo, FORMATS, *queries]


def measured(command, cwd):
    """Wall seconds, CPU seconds and peak memory of one process."""
    begun = time.monotonic()
    with open(cwd / "out", "wb") as out, open(cwd / "err", "wb") as err:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=err, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    if status != 0:
        raise SystemExit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}: {(cwd / 'err').read_text()[-2000:]}")
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "rss_mb": usage.ru_maxrss / 1024, "out": (cwd / "out").read_text()}


def ranges(database, connections):
    low, high = database.server.run("select min(l_orderkey), max(l_orderkey) from lineitem")[0]
    cuts = [low + (high + 1 - low) * i // connections for i in range(connections + 1)]
    return [f"select * from lineitem where l_orderkey >= {a} and l_orderkey < {b}" for a, b in zip(cuts, cuts[1:])]


def check(database, lake, cwd):
    """The lake's table holds what the server counts."""
    expected = [str(v) for v in database.server.run(f"select {SUMS} from lineitem")[0]]
    got = measured([SLUICE, "sql", f"select {SUMS} from bench.lineitem", "--output", "csv", "--lake", lake], cwd)["out"].splitlines()[-1]
    if got.split(",")[:3] != expected[:3]:
        raise SystemExit(f"{database.name}: the lake says {got}, the server {expected}")


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def bench(database, folder, connections, rounds):
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    queries = ranges(database, connections)
    lake = work / "lake"
    arguments = ["import", database.server.url(), "--password-file", database.server.password_file, "--table", "lineitem", "--to", "bench.lineitem",
                 "--mode", "overwrite", "--parallel", connections, "--lake", lake, "--json", "--log-level", "warn"]
    drains, imports = [], []
    for _ in range(rounds + 1):  # the first pair warms up
        drains.append(measured(database.drain(queries), work))
        imports.append(measured([SLUICE, *arguments], work))
    drains, imports = drains[1:], imports[1:]
    rows = json.loads(imports[-1]["out"])["tables"][0]["rows_committed"]
    drained = json.loads(drains[-1]["out"])["rows"]
    if drained != rows:
        raise SystemExit(f"{database.name}: drained {drained} rows, imported {rows}")
    check(database, lake, work)
    size = sum(p.stat().st_size for p in lake.rglob("*.parquet")) / len(imports + [0]) / 1e6
    return {
        "name": database.name, "rows": rows, "drain": median(drains, "seconds"), "import": median(imports, "seconds"),
        "ratio": median(imports, "seconds") / median(drains, "seconds"), "rate": rows / median(imports, "seconds"),
        "cpu_row": median(imports, "cpu") / rows * 1e6, "drain_cpu": median(drains, "cpu"), "cpu": median(imports, "cpu"),
        "rss": max(run["rss_mb"] for run in imports), "size": size,
    }


def ten_rows(folder):
    """Process start to exit of a 10-row import, into a lake that is there; the median of 15."""
    work = folder / "ten"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with sqlite3.connect(work / "ten.db") as db:
        db.execute("create table ten (id integer primary key, name text, price real)")
        db.executemany("insert into ten values (?, ?, ?)", [(i, f"row {i}", i / 4) for i in range(10)])
    command = [SLUICE, "import", "sqlite:///ten.db", "--table", "ten", "--to", "bench.ten", "--mode", "overwrite", "--log-level", "warn"]
    runs = [measured(command, work) for _ in range(16)][1:]
    return median(runs, "seconds") * 1000, max(run["rss_mb"] for run in runs)


def report(results, ten, connections):
    lines = [
        f"{connections} connections, {os.cpu_count()} cores shared with the server, {platform.system()} {platform.release()}.",
        "",
        "| source | rows | raw drain s | import s | x of drain | rows/s | client CPU us/row | peak RSS MB | Parquet MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        lines.append(f"| {r['name']} | {r['rows']:,} | {r['drain']:.2f} | {r['import']:.2f} | **{r['ratio']:.2f}** | {r['rate']:,.0f} | {r['cpu_row']:.2f} "
                     f"| {r['rss']:.0f} | {r['size']:.0f} |")
    lines += ["", f"10 rows from SQLite into the lake, process start to exit: **{ten[0]:.0f} ms**, {ten[1]:.0f} MB."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["mariadb", "postgresql"])
    args = parser.parse_args()
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    data = table_file(folder, args.scale)
    results = []
    for kind, name in ((MariaDb, "mariadb"), (PostgreSql, "postgresql")):
        if args.only in (None, name):
            database = kind(folder, data, args.scale)
            try:
                results.append(bench(database, folder, args.connections, args.rounds))
            finally:
                database.server.stop()
    text = report(results, ten_rows(folder), args.connections)
    print("\n" + text)
    page = ROOT / "benchmarks" / "results" / "latest.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text("# The last `make bench`\n\n" + text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
