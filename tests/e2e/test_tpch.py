"""TPC-H at scale factor 1: generated, loaded into PostgreSQL, imported, and the 22 queries against the published answers."""

import csv
import decimal
import pathlib

import duckdb
import duckdb_extension_tpch
import pytest

from program import OK, ROOT, Sluice

TPCH = ROOT / "deps" / "tpch"
ROWS = {"region": 5, "nation": 25, "supplier": 10_000, "customer": 150_000, "part": 200_000, "partsupp": 800_000, "orders": 1_500_000,
        "lineitem": 6_001_215}
SCHEMA = """
create table region (r_regionkey int primary key, r_name char(25) not null, r_comment varchar(152));
create table nation (n_nationkey int primary key, n_name char(25) not null, n_regionkey int not null, n_comment varchar(152));
create table supplier (s_suppkey int primary key, s_name char(25) not null, s_address varchar(40) not null, s_nationkey int not null,
  s_phone char(15) not null, s_acctbal decimal(15,2) not null, s_comment varchar(101) not null);
create table customer (c_custkey int primary key, c_name varchar(25) not null, c_address varchar(40) not null, c_nationkey int not null,
  c_phone char(15) not null, c_acctbal decimal(15,2) not null, c_mktsegment char(10) not null, c_comment varchar(117) not null);
create table part (p_partkey int primary key, p_name varchar(55) not null, p_mfgr char(25) not null, p_brand char(10) not null,
  p_type varchar(25) not null, p_size int not null, p_container char(10) not null, p_retailprice decimal(15,2) not null, p_comment varchar(23) not null);
create table partsupp (ps_partkey int, ps_suppkey int, ps_availqty int not null, ps_supplycost decimal(15,2) not null, ps_comment varchar(199) not null,
  primary key (ps_partkey, ps_suppkey));
create table orders (o_orderkey int primary key, o_custkey int not null, o_orderstatus char(1) not null, o_totalprice decimal(15,2) not null,
  o_orderdate date not null, o_orderpriority char(15) not null, o_clerk char(15) not null, o_shippriority int not null, o_comment varchar(79) not null);
create table lineitem (l_orderkey int, l_partkey int not null, l_suppkey int not null, l_linenumber int, l_quantity decimal(15,2) not null,
  l_extendedprice decimal(15,2) not null, l_discount decimal(15,2) not null, l_tax decimal(15,2) not null, l_returnflag char(1) not null,
  l_linestatus char(1) not null, l_shipdate date not null, l_commitdate date not null, l_receiptdate date not null, l_shipinstruct char(25) not null,
  l_shipmode char(10) not null, l_comment varchar(44) not null, primary key (l_orderkey, l_linenumber));
"""


def generate(folder):
    """The generator that the published answers were made with: texts (addresses, comments) differ between generators."""
    (extension,) = pathlib.Path(duckdb_extension_tpch.__path__[0]).rglob("tpch.duckdb_extension")
    generated = duckdb.connect(str(folder / "generated.db"))
    generated.execute(f"load '{extension}'")
    generated.execute("call dbgen(sf = 1)")
    return generated


@pytest.fixture(scope="module")
def tpch(postgresql, tmp_path_factory):
    """The eight tables in the lake, out of PostgreSQL."""
    folder = tmp_path_factory.mktemp("tpch")
    if not postgresql.run("select 1 from pg_database where datname = 'tpch'"):
        postgresql.run("create database tpch owner sluice", user="postgres")
    postgresql.run("drop schema public cascade", "create schema public", SCHEMA, database="tpch")
    generated = generate(folder)
    for table in ROWS:
        file = folder / "table.csv"
        generated.execute(f"copy {table} to '{file}' (format csv, header true)")
        with postgresql.connect("tpch") as connection, connection.cursor() as cursor, open(file, "rb") as source:
            with cursor.copy(f"copy {table} from stdin with (format csv, header true)") as copy:
                while block := source.read(1 << 20):
                    copy.write(block)
            assert cursor.execute(f"select count(*) from {table}").fetchone()[0] == ROWS[table]
        file.unlink()
    generated.close()
    (folder / "generated.db").unlink()
    postgresql.run("vacuum analyze", database="tpch")
    sluice = Sluice(folder)
    report = sluice.import_(*postgresql.source("tpch"), "--tables", "*", "--to", "tpch", "--parallel", "2", timeout=900)
    assert {t["target"].removeprefix("tpch."): t["rows_committed"] for t in report["tables"]} == ROWS
    return sluice


def cell(text):
    """Numbers as numbers, so that 1.50 is 1.5; other texts without the blanks of char(n)."""
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation:
        return text.strip()


def same(ours, published):
    if isinstance(ours, decimal.Decimal) and isinstance(published, decimal.Decimal):
        return abs(ours - published) <= max(decimal.Decimal("0.01"), abs(published) * decimal.Decimal("1e-9"))
    return ours == published


@pytest.mark.parametrize("number", range(1, 23))
def test_query(tpch, number):
    text = (TPCH / "queries" / f"q{number:02}.sql").read_text()
    out = tpch.run("sql", "use lake.tpch; " + text, "--output", "csv", code=OK).out
    ours = [[cell(c) for c in row] for row in csv.reader(out.splitlines())][1:]
    (answer,) = pathlib.Path(TPCH / "answers" / "sf1").glob(f"q{number:02}.csv")
    published = [[cell(c) for c in row] for row in csv.reader(answer.read_text().splitlines(), delimiter="|")][1:]
    assert len(ours) == len(published)
    wrong = [(a, b) for a, b in zip(ours, published) if len(a) != len(b) or not all(map(same, a, b))]
    assert not wrong, wrong[:3]
