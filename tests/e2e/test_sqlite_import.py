"""The tour of the README: SQLite into the lake, and what other programs read there."""

import pyarrow.parquet
import pytest

import lakes
from conftest import ORDERS, shop_rows
from program import OK, USAGE, files_below

COLUMNS = ["id", "customer", "state", "cents", "note"]


def expected():
    return [dict(zip(COLUMNS, row)) for row in shop_rows()]


def test_a_table_arrives_once_with_every_value(sluice, shop):
    report = sluice.import_(shop, "--table", "orders", "--to", "landing.orders", "--chunk-rows-min", "100")
    (table,) = report["tables"]
    assert table["rows_read"] == table["rows_written"] == table["rows_committed"] == ORDERS
    assert sorted(lakes.rows(sluice.lake, "landing.orders"), key=lambda r: r["id"]) == expected()
    assert sluice.sql("select * from landing.orders order by id") == expected()
    assert lakes.missing_files(sluice.lake) == [] and lakes.orphans(sluice.lake) == []


def test_append_adds_and_overwrite_replaces(sluice, shop):
    arguments = [shop, "--table", "orders", "--to", "landing.orders"]
    sluice.import_(*arguments)
    sluice.import_(*arguments)
    assert sluice.value("select count(*) from landing.orders") == 2 * ORDERS
    sluice.import_(*arguments, "--mode", "overwrite", "--where", "id <= 10")
    assert sluice.value("select count(*) from landing.orders") == 10
    refused = sluice.run("import", *arguments, "--mode", "error-if-exists", "--json", code=USAGE).json()
    assert refused["error"]["kind"] == "already_exists" and "landing.orders" in refused["error"]["message"]
    assert sluice.value("select count(*) from landing.orders") == 10


def test_several_tables_and_one_summary(sluice, shop):
    report = sluice.import_(shop, "--tables", "orders,item*", "--to", "landing")
    assert [t["target"] for t in report["tables"]] == ["landing.orders", "landing.items"], "in the order that was asked for"
    assert {t["target"]: t["rows_committed"] for t in report["tables"]} == {"landing.items": 600, "landing.orders": ORDERS}
    assert sluice.value("select count(*) from landing.items i join landing.orders o on o.id = i.order_id") == 600


def test_query_columns_and_condition(sluice, shop):
    sluice.import_(shop, "--query", "select state, sum(cents) as cents from orders group by state", "--to", "landing.by_state")
    assert sluice.value("select count(*) from landing.by_state") == 4
    sluice.import_(shop, "--table", "orders", "--columns", "note,id", "--where", "id > 1190", "--to", "landing.some")
    answer = sluice.sql("select * from landing.some order by id")
    assert [list(row) for row in answer] == [["note", "id"]] * 10
    assert [row["id"] for row in answer] == list(range(1191, 1201))


def test_a_directory_of_parquet_files(sluice, shop, tmp_path):
    sluice.import_(shop, "--table", "orders", "--to", "./out/orders", "--chunk-rows-min", "100")
    assert "_SUCCESS" in files_below(tmp_path / "out/orders")
    table = pyarrow.parquet.read_table([p for p in (tmp_path / "out/orders").glob("*.parquet")])
    assert sorted(table.to_pylist(), key=lambda r: r["id"]) == expected()
    sluice.import_(shop, "--table", "orders", "--to", "./out/orders", "--mode", "overwrite", "--where", "id < 5")
    table = pyarrow.parquet.read_table([p for p in (tmp_path / "out/orders").glob("*.parquet")])
    assert sorted(row["id"] for row in table.to_pylist()) == [1, 2, 3, 4]


def test_plan_says_what_an_import_would_do_and_does_nothing(sluice, shop):
    plan = sluice.run("plan", shop, "--table", "orders", "--to", "landing.orders", "--json", code=OK).json()
    (table,) = plan["tables"]
    text = str(table)
    assert "landing.orders" in text and all(column in text for column in COLUMNS)
    assert not sluice.lake.exists()


def test_empty_table(sluice, shop):
    report = sluice.import_(shop, "--table", "orders", "--where", "id < 0", "--to", "landing.none")
    assert report["tables"][0]["rows_committed"] == 0
    assert sluice.value("select count(*) from landing.none") == 0
    assert lakes.rows(sluice.lake, "landing.none") == []


@pytest.mark.parametrize("spec, partitions", [("bucket(4, id)", 4), ("truncate(500, id)", 3), ("state", 4)])
def test_partitions_are_read_by_others(sluice, shop, spec, partitions):
    sluice.import_(shop, "--table", "orders", "--to", "landing.orders", "--partition-by", spec)
    assert sorted(lakes.rows(sluice.lake, "landing.orders"), key=lambda r: r["id"]) == expected()
    table = lakes.table(sluice.lake, "landing.orders")
    assert table.inspect.partitions().num_rows == partitions
    some = table.scan(row_filter="state = 'paid' and id < 100")
    assert sorted(r["id"] for r in some.to_arrow().to_pylist()) == [i for i in range(1, 100) if i % 4 == 0]
    assert sluice.value("select count(*) from landing.orders where state = 'paid' and id < 100") == 24


def test_ten_rows_are_quick(sluice, shop):
    arguments = ["import", shop, "--table", "orders", "--where", "id <= 10", "--to", "landing.ten"]
    sluice.run(*arguments, code=OK)
    seconds = min(sluice.run(*arguments, code=OK).seconds for _ in range(5))
    assert seconds < 1.0, "a small import has to feel immediate (benchmarks/ measures it against 100 ms)"
