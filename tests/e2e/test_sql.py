"""SQL over the lake through the program: names, writes, what is refused, what is closed."""

import pytest

import lakes
from conftest import ORDERS
from program import CONFLICT, OK, USAGE, files_below


@pytest.fixture
def lake(sluice, shop):
    sluice.import_(shop, "--tables", "orders,items", "--to", "landing")
    return sluice


def test_names(lake):
    assert lake.value("select count(*) from lake.landing.orders") == ORDERS
    assert "orders" in str(lake.sql("show all tables"))
    described = lake.sql("describe landing.orders")
    assert [row["column_name"] for row in described] == ["id", "customer", "state", "cents", "note"]
    tables = lake.sql("select table_schema, table_name from information_schema.tables where table_schema = 'landing' order by 2")
    assert [row["table_name"] for row in tables] == ["items", "orders"]


def test_readme_query(lake):
    rows = lake.sql("select state, count(*) as n, sum(cents) as cents from landing.orders group by 1 order by 2 desc, 1")
    assert sum(row["n"] for row in rows) == ORDERS and len(rows) == 4


def test_create_insert_drop(lake):
    lake.run("sql", "create schema trusted; create table trusted.sums as select state, sum(cents) as cents from landing.orders group by 1", code=OK)
    assert len(lakes.rows(lake.lake, "trusted.sums")) == 4
    lake.run("sql", "insert into trusted.sums select 'all', sum(cents) from landing.orders", code=OK)
    assert len(lakes.rows(lake.lake, "trusted.sums")) == 5
    assert len(lakes.table(lake.lake, "trusted.sums").metadata.snapshots) == 2
    lake.run("sql", "drop table trusted.sums", code=OK)
    assert not lakes.catalog(lake.lake).table_exists("trusted.sums")
    assert lake.run("sql", "select * from trusted.sums", code=USAGE)
    lake.run("gc", "--older-than", "0s", "--remove", code=OK)
    assert lakes.orphans(lake.lake) == []


def test_a_failed_insert_changes_nothing(lake):
    before = files_below(lake.lake / "landing")
    failed = lake.run("sql", "insert into landing.items select id, 1, cast('x' || id as integer)::varchar from landing.orders")
    assert failed.code != OK
    assert lake.value("select count(*) from landing.items") == 600
    lake.run("gc", "--older-than", "0s", "--remove", code=OK)
    assert files_below(lake.lake / "landing") == before


@pytest.mark.parametrize("statement", [
    "update landing.orders set note = ''",
    "delete from landing.orders",
    "alter table landing.orders add column x int",
    "create view landing.v as select 1",
    "create table landing.orders as select 1 as id",
])
def test_what_is_not_there_is_refused_by_name(lake, statement):
    result = lake.run("sql", statement)
    assert result.code in (USAGE, CONFLICT) and result.err.startswith("sluice: "), result.explain()
    assert lake.value("select count(*) from landing.orders") == ORDERS


@pytest.mark.parametrize("statement", [
    "select * from read_csv('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from read_text('/etc/hostname')",
    "select * from read_parquet('lake/landing/orders/data/*.parquet')",
    "copy (select 1) to 'stolen.csv'",
    "attach 'other.db'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "export database 'copy'",
])
def test_queries_reach_the_lake_only(lake, statement):
    before = files_below(lake.home)
    result = lake.run("sql", statement)
    assert result.code != OK and "root:" not in result.out, result.explain()
    assert [f for f in files_below(lake.home) if f not in before] == []


def test_memory_limit_spills(lake):
    lake.run("sql", "create schema big; create table big.numbers as select range as n, md5(range::varchar) as t from range(1500000)", code=OK)
    spill = lake.home / "spill"
    spill.mkdir()
    assert lake.run("sql", "select count(*), max(t) from (select t, row_number() over (order by t desc) as r from big.numbers)",
                    "--memory", "150MB", "--temp-directory", str(spill), "--threads", "2", code=OK)
    assert files_below(spill) == []


def test_pruning_is_visible_in_the_bytes_read(lake, shop):
    """A filter on the sorted key opens few of many files: strace is not needed, files that are gone do not matter."""
    lake.import_(shop, "--table", "orders", "--to", "landing.many", "--chunk-rows-min", "100", "--chunks-per-connection", "8")
    table = lakes.table(lake.lake, "landing.many")
    files = list(table.scan().plan_files())
    assert len(files) > 4
    needed = {t.file.file_path for t in table.scan(row_filter="id = 5").plan_files()}
    assert len(needed) == 1
    for task in files:
        if task.file.file_path not in needed:
            lakes.local(task.file.file_path).unlink()
    assert lake.value("select count(*) from landing.many where id = 5") == 1
    assert lake.run("sql", "select count(*), max(note) from landing.many").code != OK
