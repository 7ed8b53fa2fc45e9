"""Others read what we wrote, and we read what others wrote: PyIceberg, DuckDB's Iceberg extension, pyarrow."""

import datetime
import decimal
import json
import sqlite3

import pyarrow
import pyarrow.parquet
import pytest
from pyiceberg.types import BooleanType, DecimalType, DoubleType, LongType, StringType

import lakes
from conftest import ORDERS


@pytest.fixture
def orders(sluice, shop):
    """landing.orders in 12 files of 100 rows each, sorted by id: prunable."""
    sluice.import_(shop, "--table", "orders", "--to", "landing.orders", "--chunk-rows-min", "100", "--parallel", "4",
                   "--chunks-per-connection", "8")
    return lakes.table(sluice.lake, "landing.orders")


def test_schema_has_field_ids_and_types(orders):
    fields = orders.schema().fields
    assert [f.name for f in fields] == ["id", "customer", "state", "cents", "note"]
    assert [f.field_id for f in fields] == [1, 2, 3, 4, 5]
    assert [type(f.field_type) for f in fields] == [LongType, LongType, StringType, LongType, StringType]
    for task in orders.scan().plan_files():
        schema = pyarrow.parquet.read_schema(lakes.local(task.file.file_path))
        assert [int(f.metadata[b"PARQUET:field_id"]) for f in schema] == [1, 2, 3, 4, 5]


def test_file_sizes_counts_and_bounds_are_true(orders):
    assert len(list(orders.scan().plan_files())) > 4
    for row in orders.inspect.files().to_pylist():
        path = lakes.local(row["file_path"])
        assert row["file_size_in_bytes"] == path.stat().st_size
        table = pyarrow.parquet.read_table(path)
        assert row["record_count"] == table.num_rows
        metrics = row["readable_metrics"]
        assert metrics["id"]["lower_bound"] == min(table["id"].to_pylist())
        assert metrics["id"]["upper_bound"] == max(table["id"].to_pylist())
        assert metrics["state"]["null_value_count"] == table["state"].null_count
        assert metrics["note"]["value_count"] == table.num_rows


FILTERS = ["id = 77", "id >= 1150", "id < 50 or id > 1190", "state = 'paid' and id between 200 and 210",
           "state is null and id <= 40", "note is not null and cents > 90000", "id in (1, 600, 1200)", "customer = 5 and id > 700",
           "note = 'Größe 42 · 漢字 · 🚚' and id < 100", "not (state = 'open') and id < 30", "note like 'with%' and id > 1100"]


@pytest.mark.parametrize("condition", FILTERS)
def test_pruned_scan_agrees_with_full_scan(sluice, orders, condition):
    """By PyIceberg's planning from our metrics, by ours, and by a full scan of all files without any metrics."""
    paths = [lakes.local(t.file.file_path) for t in orders.scan().plan_files()]
    import duckdb

    full = duckdb.connect().execute(f"select id from read_parquet(?) where {condition} order by id", [list(map(str, paths))])
    truth = [row[0] for row in full.fetchall()]
    assert truth, "the filter has to keep something"
    expression = condition.replace("id between 200 and 210", "id >= 200 and id <= 210")
    pruned = orders.scan(row_filter=expression)
    assert sorted(pruned.to_arrow()["id"].to_pylist()) == truth
    assert [r["id"] for r in sluice.sql(f"select id from landing.orders where {condition} order by id")] == truth
    if condition.startswith("id ="):
        assert len(list(pruned.plan_files())) < len(paths), "bounds have to exclude files"


def test_time_travel(sluice, shop, orders):
    first = orders.current_snapshot().snapshot_id
    sluice.import_(shop, "--table", "orders", "--to", "landing.orders", "--where", "id <= 5")
    sluice.import_(shop, "--table", "orders", "--to", "landing.orders", "--mode", "overwrite", "--where", "id <= 7")
    table = lakes.table(sluice.lake, "landing.orders")
    snapshots = [s.snapshot_id for s in table.metadata.snapshots]
    assert snapshots[0] == first and len(snapshots) == 3
    for snapshot, count in zip(snapshots, [ORDERS, ORDERS + 5, 7]):
        assert len(table.scan(snapshot_id=snapshot).to_arrow()) == count
        assert sluice.value(f"select count(*) from landing.orders at (version => {snapshot})") == count
    stamp = datetime.datetime.fromtimestamp(table.metadata.snapshots[1].timestamp_ms / 1000, datetime.timezone.utc)
    text = stamp.strftime("%Y-%m-%d %H:%M:%S.%f")
    assert sluice.value(f"select count(*) from landing.orders at (timestamp => timestamp '{text}')") == ORDERS + 5
    assert [s.summary.operation.value for s in table.metadata.snapshots] == ["append", "append", "overwrite"]


def test_duckdbs_iceberg_reader_agrees(orders):
    query = "select count(*) as n, sum(id) as ids, sum(cents) as cents, count(note) as notes, max(note) as most from t"
    ours = orders.scan().to_arrow()
    (theirs,) = lakes.duckdb_rows(orders.metadata_location, query)
    assert theirs["n"] == ORDERS and theirs["ids"] == sum(ours["id"].to_pylist())
    assert theirs["cents"] == sum(ours["cents"].to_pylist()) and theirs["notes"] == ORDERS - ours["note"].null_count
    assert lakes.duckdb_rows(orders.metadata_location, "select note from t where id = 4") == [{"note": "Größe 42 · 漢字 · 🚚"}]


def test_we_read_what_pyiceberg_appends(sluice, orders):
    more = pyarrow.table({"id": [5001, 5002], "customer": [1, None], "state": ["new", None], "cents": [1, 2], "note": ["Ω", ""]},
                         schema=orders.schema().as_arrow())
    orders.append(more)
    assert sluice.value("select count(*) from landing.orders") == ORDERS + 2
    assert sluice.sql("select * from landing.orders where id > 5000 order by id") == more.to_pylist()
    assert sluice.value("select count(*) from landing.orders where state = 'new'") == 1


def test_we_append_to_what_pyiceberg_made(sluice, shop):
    sluice.import_(shop, "--table", "items", "--to", "other.seed")
    catalog = lakes.catalog(sluice.lake)
    schema = pyarrow.schema([("order_id", pyarrow.int64()), ("line", pyarrow.int64()), ("product", pyarrow.string())])
    theirs = catalog.create_table("other.theirs", schema=schema)
    theirs.append(pyarrow.table({"order_id": [-1], "line": [-1], "product": ["theirs"]}, schema=schema))
    sluice.import_(shop, "--table", "items", "--to", "other.theirs")
    answer = lakes.rows(sluice.lake, "other.theirs")
    assert len(answer) == 601 and {"order_id": -1, "line": -1, "product": "theirs"} in answer
    assert sluice.value("select count(*) from other.theirs") == 601


def test_we_read_what_pyiceberg_deletes_and_evolves(sluice, orders):
    orders.delete("id > 100")
    with orders.update_schema() as change:
        change.add_column("extra", DoubleType())
        change.rename_column("note", "remark")
    orders.append(pyarrow.table({"id": [9001], "remark": ["after"], "extra": [1.5]},
                                schema=pyarrow.schema([pyarrow.field("id", pyarrow.int64(), nullable=False), ("remark", pyarrow.string()), ("extra", pyarrow.float64())])))
    assert sluice.value("select count(*) from landing.orders") == 101
    rows = sluice.sql("select id, remark, extra from landing.orders where id in (4, 9001) order by id")
    assert rows == [{"id": 4, "remark": "Größe 42 · 漢字 · 🚚", "extra": None}, {"id": 9001, "remark": "after", "extra": decimal.Decimal("1.5")}]


def test_an_import_after_others_changed_the_schema(sluice, shop, orders):
    with orders.update_schema() as change:
        change.add_column("checked", BooleanType())
        change.add_column("rate", DecimalType(10, 2))
    sluice.import_(shop, "--table", "orders", "--to", "landing.orders")
    table = lakes.table(sluice.lake, "landing.orders").scan().to_arrow()
    assert len(table) == 2 * ORDERS and table["checked"].null_count == 2 * ORDERS


def test_manifests_name_what_readers_look_for(orders):
    """Record names and header members that other engines insist on."""
    snapshot = orders.current_snapshot()
    head = lakes.local(snapshot.manifest_list).read_bytes()[:20000]
    assert b'"name":"manifest_file"' in head.replace(b" ", b"")
    (manifest, *_) = snapshot.manifests(orders.io)
    head = lakes.local(manifest.manifest_path).read_bytes()[:20000]
    compact = head.replace(b" ", b"")
    assert b'"name":"manifest_entry"' in compact and b'"field-id"' in compact and b'"name":"r2"' in compact
    for member in (b"schema", b"schema-id", b"partition-spec", b"partition-spec-id", b"format-version", b"content"):
        assert member in head


def test_metadata_json_is_complete(orders):
    metadata = json.loads(lakes.local(orders.metadata_location).read_text())
    for member in ("format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "last-column-id", "schemas",
                   "current-schema-id", "partition-specs", "default-spec-id", "last-partition-id", "sort-orders", "default-sort-order-id",
                   "snapshots", "current-snapshot-id", "refs", "snapshot-log", "metadata-log"):
        assert member in metadata, member
    assert metadata["format-version"] == 2 and metadata["refs"]["main"]["snapshot-id"] == metadata["current-snapshot-id"]
    summary = metadata["snapshots"][-1]["summary"]
    assert summary["added-records"] == summary["total-records"] == str(ORDERS)
    assert int(summary["total-files-size"]) == sum(f["file_size_in_bytes"] for f in orders.inspect.files().to_pylist())


def test_the_catalog_is_the_jdbc_schema(sluice, orders):
    with sqlite3.connect(f"file:{sluice.lake}/catalog.db?mode=ro", uri=True) as db:
        rows = db.execute("select catalog_name, table_namespace, table_name, metadata_location, iceberg_type from iceberg_tables").fetchall()
    assert rows == [("sluice", "landing", "orders", orders.metadata_location, "TABLE")]


def test_a_table_made_by_sql_is_read_by_others(sluice, orders):
    sluice.run("sql", "create schema trusted; create table trusted.paid as select id, cents / 100.0 as euros, cents::decimal(12,2) as cents, "
               "timestamp '2024-02-29 12:00:00.000001' as at, date '1969-12-31' as day, true as ok, [1, 2, null] as list "
               "from landing.orders where state = 'paid'", code=0)
    answer = lakes.rows(sluice.lake, "trusted.paid", row_filter="id <= 4")
    assert answer == [{"id": 4, "euros": 5.0, "cents": decimal.Decimal("500.00"), "at": datetime.datetime(2024, 2, 29, 12, 0, 0, 1),
                       "day": datetime.date(1969, 12, 31), "ok": True, "list": [1, 2, None]}]
    location = lakes.table(sluice.lake, "trusted.paid").metadata_location
    assert lakes.duckdb_rows(location, "select count(*) as n, sum(cents) as c from t")[0]["n"] == ORDERS // 4
