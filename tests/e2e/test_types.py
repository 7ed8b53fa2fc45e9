"""Every type's minimum, maximum, NULL and special value: what arrives is what the server prints, and the label says how."""

import datetime
import decimal
import sqlite3

import pyarrow.compute  # noqa: F401  sort_indices
import pytest

import lakes
from program import DATA_CHECK, USAGE
from typed_columns import COMPATIBLE, EXACT, TEXT, Typed, compare_columns, literal_rows, read_directory

LONG_DIGITS = "9" * 35 + "." + "9" * 30

MARIADB = [
    Typed("t1", "tinyint", ["-128", "127", "0"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t1b", "tinyint(1)", ["-128", "127", "2", "1"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t1u", "tinyint unsigned", ["0", "255"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t2", "smallint", ["-32768", "32767"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t2u", "smallint unsigned", ["0", "65535"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t3", "mediumint", ["-8388608", "8388607"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t4", "int", ["-2147483648", "2147483647"], compare="number"),
    Typed("t4z", "int(5) unsigned zerofill", ["42", "4294967295"], (EXACT, COMPATIBLE), compare="number"),
    Typed("t8", "bigint", ["-9223372036854775808", "9223372036854775807"], compare="number"),
    Typed("t8u", "bigint unsigned", ["0", "9223372036854775808", "18446744073709551615"], (EXACT, COMPATIBLE), compare="number"),
    Typed("dec20", "decimal(20,4)", ["-1234567890123456.7891", "9999999999999999.9999", "0.0001", "-0.0000"]),
    Typed("dec38", "decimal(38,0)", ["-" + "9" * 38, "9" * 38]),
    Typed("dec65", "decimal(65,30)", [LONG_DIGITS, "-" + LONG_DIGITS, "0"], (TEXT,)),
    Typed("f4", "float", ["-3.402823466e38", "1.17549435e-38", "0.1", "16777217"], printed="cast({} as double)", compare="float"),
    Typed("f8", "double", ["-1.7976931348623157e308", "2.2250738585072014e-308", "0.1", "5e-324"], compare="float"),
    Typed("b1", "bit(1)", ["b'0'", "b'1'"], (EXACT, COMPATIBLE), printed="{} + 0", compare="number"),
    Typed("b8", "bit(8)", ["b'10100101'", "b'0'"], (EXACT, COMPATIBLE), printed="{} + 0", compare="number"),
    Typed("b64", "bit(64)", [f"b'{'1' * 64}'", "b'1'"], (EXACT, COMPATIBLE), printed="{} + 0", compare="number"),
    Typed("y", "year", ["1901", "2155", "0"], (EXACT, COMPATIBLE), compare="number"),
    Typed("d", "date", ["'1000-01-01'", "'9999-12-31'", "'1969-12-31'", "'2024-02-29'"], printed="to_days({}) - to_days('1970-01-01')", compare="days"),
    Typed("dt", "datetime", ["'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"],
          printed="timestampdiff(microsecond, '1970-01-01', {})", compare="micros"),
    Typed("dt6", "datetime(6)", ["'1000-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.999999'", "'2024-03-31 02:30:00.5'"],
          printed="timestampdiff(microsecond, '1970-01-01', {})", compare="micros"),
    Typed("ts", "timestamp(6) null", ["'1970-01-01 00:00:01.000000'", "'2038-01-19 03:14:07.999999'", "'2024-10-27 02:30:00.123456'"],
          printed="cast(unix_timestamp({}) * 1000000 as decimal(30,0))", compare="micros"),
    Typed("tm", "time(6)", ["'-838:59:59.999999'", "'838:59:59.999999'", "'00:00:00.000001'", "'24:00:00'"], (TEXT,)),
    Typed("tm0", "time", ["'-838:59:59'", "'12:34:56'"], (TEXT,)),
    Typed("c", "char(10)", ["'ab'", "''", "'größe'"], printed="{}"),
    Typed("vc", "varchar(200)", ["''", "'null'", r"'\\N'", "'🚚 漢字 Ω'", "'a\\'b\"c\\n\\t'"], printed="{}"),
    Typed("latin", "varchar(20) character set latin1", ["'Größe'", "'€'"], printed="convert({} using utf8mb4)"),
    Typed("lt", "longtext", ["repeat('ü', 70000)", "''"], printed="{}"),
    Typed("bin", "binary(4)", ["x'00'", "x'00FF0A27'"], printed="hex({})", compare="hex"),
    Typed("vbin", "varbinary(300)", ["''", "x'00FFFE0A0D5C27'", "repeat(x'FF', 300)"], printed="hex({})", compare="hex"),
    Typed("bl", "longblob", ["repeat(x'00', 70000)", "''"], printed="hex({})", compare="hex"),
    Typed("en", "enum('a','b,c','ü','')", ["'a'", "'b,c'", "'ü'", "''"], (EXACT, COMPATIBLE, TEXT)),
    Typed("st", "set('x','y','z')", ["''", "'x,z'", "'x,y,z'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("js", "json", ["'{\"a\": [1, 2.50, null, \"ü\"]}'", "'[]'", "'null'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("u", "uuid", ["'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"],
          (EXACT, COMPATIBLE, TEXT), compare="uuid"),
    Typed("ip", "inet6", ["'::'", "'2001:db8::ff00:42:8329'", "'::ffff:192.0.2.1'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("geo", "point", ["point(1, -2.5)"], (EXACT, COMPATIBLE, TEXT), printed="hex({})", compare="hex"),
]

POSTGRESQL = [
    Typed("i2", "smallint", ["-32768", "32767"], (EXACT, COMPATIBLE), compare="number"),
    Typed("i4", "integer", ["-2147483648", "2147483647"], compare="number"),
    Typed("i8", "bigint", ["-9223372036854775808", "9223372036854775807"], compare="number"),
    Typed("o", "oid", ["0", "4294967295"], (EXACT, COMPATIBLE), compare="number"),
    Typed("n10", "numeric(10,2)", ["-99999999.99", "99999999.99", "0.00", "0.01"]),
    Typed("n38", "numeric(38,10)", ["-" + "9" * 28 + "." + "9" * 10, "9" * 28 + "." + "9" * 10, "0.0000000001"]),
    Typed("n65", "numeric(65,30)", [LONG_DIGITS, "-" + LONG_DIGITS], (TEXT,)),
    Typed("nn", "numeric", ["1e-50", "'NaN'", "123456789012345678901234567890.123", "10000", "'-Infinity'"], (TEXT,)),
    Typed("f4", "real", ["'-3.4028235e38'", "'1e-45'", "'NaN'", "'Infinity'", "'-0'", "0.1"], printed="({})::float8", compare="float"),
    Typed("f8", "double precision", ["'-1.7976931348623157e308'", "'5e-324'", "'NaN'", "'-Infinity'", "0.1"], compare="float"),
    Typed("b", "boolean", ["true", "false"]),
    Typed("t", "text", ["''", "'null'", r"'\N'", "'🚚 漢字 Ω'", "E'a\\'b\"c\\n\\t\\\\'", "repeat('ü', 70000)"]),
    Typed("vc", "varchar(20)", ["''", "'größe'"]),
    Typed("c", "char(5)", ["'ab'", "''", "'größe'"], compare="blank"),
    Typed("nm", "name", ["'pg_class'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("by", "bytea", ["''", r"'\x00fffe0a0d5c27'", "convert_to(repeat('x', 70000), 'UTF8')"], printed="encode({}, 'hex')", compare="hex"),
    Typed("u", "uuid", ["'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"], (EXACT, COMPATIBLE), compare="uuid"),
    Typed("d", "date", ["'4713-01-01 BC'", "'5874897-12-31'", "'1969-12-31'", "'2024-02-29'"], printed="{} - date '1970-01-01'", compare="days"),
    Typed("ts", "timestamp", ["'4713-01-01 00:00:00 BC'", "'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.999999'", "'2024-03-31 02:30:00.5'"],
          printed="trunc(extract(epoch from {}) * 1000000)", compare="micros"),
    Typed("tz", "timestamptz", ["'4713-01-01 00:00:00+00 BC'", "'2024-10-27 02:30:00.123456+02'", "'9999-12-31 23:59:59.999999+00'"],
          printed="trunc(extract(epoch from {}) * 1000000)", compare="micros"),
    Typed("tm", "time", ["'00:00:00'", "'23:59:59.999999'", "'12:34:56.5'"], printed="to_char({}, 'HH24:MI:SS.US')"),
    Typed("tmz", "timetz", ["'00:00:00+14'", "'23:59:59.999999-15:59'"], (TEXT,)),
    Typed("iv", "interval", ["'-178000000 years'", "'1 year 2 mons -3 days 04:05:06.789'", "'0'"], (TEXT,)),
    Typed("m", "money", ["'-92233720368547758.08'", "'12.34'"], (TEXT,)),
    Typed("ip", "inet", ["'192.0.2.1/24'", "'2001:db8::1'"], (TEXT,)),
    Typed("ci", "cidr", ["'192.0.2.0/24'"], (TEXT,)),
    Typed("ma", "macaddr", ["'08:00:2b:01:02:03'"], (TEXT,)),
    Typed("bi", "bit(3)", ["B'101'"], (TEXT,)),
    Typed("vb", "bit varying", ["B''", "B'0101010101'"], (TEXT,)),
    Typed("j", "json", ["'{\"a\": [1, 2.50, null]}'", "'null'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("jb", "jsonb", ["'{\"b\": 1, \"a\": \"ü\"}'", "'[]'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("x", "xml", ["'<a>ü</a>'"], (TEXT,)),
    Typed("e", "mood", ["'sad'", "'größer, \"ja\"'"], (EXACT, COMPATIBLE, TEXT)),
    Typed("ai", "integer[]", ["'{}'", "'{1,NULL,-2147483648}'"], (EXACT, COMPATIBLE), printed="to_json({})", compare="json"),
    Typed("at", "text[]", ["'{\"\",NULL,\"a,b\",\"NULL\",\"ü\"}'"], (EXACT, COMPATIBLE), printed="to_json({})", compare="json"),
    Typed("r", "int4range", ["'[1,10)'", "'empty'", "'(,)'"], (TEXT,)),
    Typed("tr", "tstzrange", ["'[2024-01-01 00:00+00,)'"], (TEXT,)),
    Typed("p", "point", ["'(1,-2.5)'"], (TEXT,)),
    Typed("tv", "tsvector", ["'a:1 b:2'"], (TEXT,)),
    Typed("co", "pair", ["row(1, 'a,b')"], (TEXT,)),
    Typed("dm", "positive", ["1", "2147483647"], (EXACT, COMPATIBLE), compare="number"),
]


def check(sluice, source, columns, ask, tmp_path):
    """Into a directory and into the lake, from a host in another time zone."""
    env = {"TZ": "Asia/Tokyo"}
    report = sluice.import_(*source, "--table", "types", "--to", "./out/types", env=env)
    found = {column["name"]: column["fidelity"] for column in report["tables"][0]["schema"]["columns"]}
    trouble = [f"{c.sql_type}: labelled {found[c.name]!r}, expected {c.labels}" for c in columns if found[c.name] not in c.labels]
    trouble += compare_columns(columns, ask, read_directory(tmp_path / "out/types"))
    sluice.import_(*source, "--table", "types", "--to", "landing.types", env=env)
    (task,) = lakes.table(sluice.lake, "landing.types").scan().plan_files()
    data = lakes.local(task.file.file_path)
    trouble += [f"lake: {t}" for t in compare_columns(columns, ask, read_directory_of(data))]
    assert not trouble, "\n".join(trouble)
    assert len(lakes.rows(sluice.lake, "landing.types", selected_fields=("id",))) == len(list(literal_rows(columns)))


def read_directory_of(file):
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(file).read()
    return table.take(pyarrow.compute.sort_indices(table, sort_keys=[("id", "ascending")]))


def test_mariadb(sluice, mariadb, tmp_path):
    mariadb.run("set global time_zone = '+02:00'", "drop table if exists types",
                "create table types (id int primary key, " + ", ".join(f"{c.name} {c.sql_type} null" .replace("null null", "null") for c in MARIADB) + ") character set utf8mb4")
    for row, values in literal_rows(MARIADB):
        mariadb.run("set time_zone = '+00:00'", f"insert into types values ({row}, {', '.join(values)})")

    def ask(column):
        printed = (column.printed or "cast({} as char)").format(column.name)
        return [r[0] for r in mariadb.run("set time_zone = '+00:00'", f"select {printed} from types order by id")]

    check(sluice, mariadb.source(), MARIADB, ask, tmp_path)


def test_postgresql(sluice, postgresql, tmp_path):
    postgresql.run("alter role sluice set timezone = 'America/New_York'", "drop table if exists types", "drop type if exists mood",
                   "drop type if exists pair", "drop domain if exists positive", "create type mood as enum ('sad', 'größer, \"ja\"')",
                   "create type pair as (a int, b text)", "create domain positive as int check (value > 0)",
                   "create table types (id int primary key, " + ", ".join(f"{c.name} {c.sql_type}" for c in POSTGRESQL) + ")")
    for row, values in literal_rows(POSTGRESQL):
        postgresql.run(f"insert into types values ({row}, {', '.join(values)})")

    def ask(column):
        printed = (column.printed or "{}").format(column.name)
        return [r[0] for r in postgresql.run("set timezone = 'UTC'", f"select ({printed})::text from types order by id")]

    check(sluice, postgresql.source(), POSTGRESQL, ask, tmp_path)


# ---- values that no type holds ---------------------------------------------------------------------------------


def refused(sluice, *words):
    result = sluice.run("import", *words)
    assert result.code in (USAGE, DATA_CHECK), result.explain()
    return result


@pytest.mark.parametrize("value, text", [("0000-00-00", "0000-00-00"), ("2020-00-15", "2020-00-15")])
def test_zero_dates(sluice, mariadb, value, text):
    mariadb.run("set sql_mode = ''", "drop table if exists zero", "create table zero (id int primary key, d date, t datetime)",
                f"insert into zero values (1, '{value}', '{value} 00:00:00'), (2, '2024-01-02', '2024-01-02 03:04:05'), (3, null, null)")
    arguments = [*mariadb.source(), "--table", "zero", "--to", "landing.zero"]
    result = refused(sluice, *arguments)
    assert "zero" in result.err and "--zero-dates" in result.err, result.explain()
    report = sluice.import_(*arguments, "--zero-dates", "null")
    assert sum(report["tables"][0]["odd_values"].values()) == 2
    rows = lakes.rows(sluice.lake, "landing.zero")
    assert [r["d"] for r in sorted(rows, key=lambda r: r["id"])] == [None, datetime.date(2024, 1, 2), None]
    sluice.import_(*arguments[:-1], "landing.text", "--zero-dates", "text")
    rows = sorted(lakes.rows(sluice.lake, "landing.text"), key=lambda r: r["id"])
    assert [r["d"] for r in rows] == [text, "2024-01-02", None]


def test_infinite_dates_and_nan(sluice, postgresql):
    postgresql.run("drop table if exists far", "create table far (id int primary key, d date, t timestamp, n numeric(10,2))",
                   "insert into far values (1, 'infinity', '-infinity', 'NaN'), (2, '2024-01-02', '2024-01-02 03:04:05', 1.5)")
    arguments = [*postgresql.source(), "--table", "far", "--to", "landing.far"]
    result = refused(sluice, *arguments)
    assert "far" in result.err and "--out-of-range" in result.err, result.explain()
    report = sluice.import_(*arguments, "--out-of-range", "null")
    assert sum(report["tables"][0]["odd_values"].values()) == 3
    rows = sorted(lakes.rows(sluice.lake, "landing.far"), key=lambda r: r["id"])
    assert rows[0] == {"id": 1, "d": None, "t": None, "n": None}
    assert rows[1] == {"id": 2, "d": datetime.date(2024, 1, 2), "t": datetime.datetime(2024, 1, 2, 3, 4, 5), "n": decimal.Decimal("1.50")}
    sluice.import_(*arguments[:-1], "landing.text", "--out-of-range", "text")
    rows = sorted(lakes.rows(sluice.lake, "landing.text"), key=lambda r: r["id"])
    assert rows[0]["d"] == "infinity" and rows[0]["n"] == "NaN"


def test_sqlite(sluice, tmp_path):
    values = [
        (1, -(2**63), -1.7976931348623157e308, "", b"", 1, "12.50", "2024-02-29", "x"),
        (2, 2**63 - 1, 5e-324, "🚚 'q' \"d\" \n", bytes(range(256)), 0, "-99999999.99", "0000-00-00", 5),
        (3, 0, 3, "ü" * 70000, b"\0" * 70000, 1, "0.01", "not a date", 2.5),
        (4,) + (None,) * 8,
    ]
    with sqlite3.connect(tmp_path / "t.db") as db:
        db.execute("create table types (id integer primary key, i bigint, r real, t varchar(10), b blob, o boolean, n decimal(10,2), d date, a)")
        db.executemany("insert into types values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    sluice.import_("sqlite:///t.db", "--table", "types", "--to", "landing.types")
    rows = sorted(lakes.rows(sluice.lake, "landing.types"), key=lambda r: r["id"])
    for row, expected in zip(rows, values, strict=True):
        assert row["i"] == expected[1] and row["r"] == expected[2] and row["t"] == expected[3] and row["b"] == expected[4]
        assert row["o"] == (None if expected[5] is None else bool(expected[5]))
        assert row["n"] == (None if expected[6] is None else decimal.Decimal(expected[6]))
        assert row["d"] == expected[7]
        assert row["a"] == (None if expected[8] is None else str(expected[8]))
