"""Tables of typed values: what the server prints against what pyarrow reads from the Parquet files."""

import dataclasses
import datetime
import decimal
import json
import uuid

import pyarrow
import pyarrow.parquet

EXACT, COMPATIBLE, TEXT = "exact", "compatible", "text form"


@dataclasses.dataclass
class Typed:
    """One column: its values as SQL literals, and how the server is asked to print it."""

    name: str
    sql_type: str
    values: list
    labels: tuple = (EXACT,)
    printed: str = ""  # SQL with {} for the column; default: the server's text
    compare: str = "text"  # text, number, float, hex, json, micros, days, blank


def arrow_text(column, compare):
    """Every value of an Arrow column in the form that is compared."""
    if isinstance(column.type, pyarrow.ExtensionType):
        column = pyarrow.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if compare in ("micros", "days"):
        if pyarrow.types.is_timestamp(column.type):
            assert column.type.unit == "us", column.type
        column = column.cast(pyarrow.int64() if compare == "micros" else pyarrow.int32())
    return [None if value is None else one_text(value, compare) for value in column.to_pylist()]


def one_text(value, compare):
    if compare in ("micros", "days"):
        return value
    if compare == "float":
        return float(value)
    if compare == "number":
        return decimal.Decimal(int.from_bytes(value, "big") if isinstance(value, bytes) else int(value) if isinstance(value, bool) else value)
    if compare == "hex":
        return value.hex().upper()
    if compare == "uuid":
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(value))
    if compare == "json":
        return json.loads(value) if isinstance(value, str) else value
    if compare == "blank":
        return value.rstrip(" ")
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.timedelta):
        return str(value)
    if isinstance(value, datetime.time):
        return value.isoformat("microseconds")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def server_text(value, compare):
    if value is None:
        return None
    value = value.decode() if isinstance(value, bytes) else value
    if compare == "float":
        return float(value)
    if compare == "number":
        return decimal.Decimal(value)
    if compare in ("micros", "days"):
        return int(decimal.Decimal(value))
    if compare == "json":
        return json.loads(value)
    if compare == "blank":
        return value.rstrip(" ")
    if compare == "hex":
        return value.upper()
    return value


def literal_rows(columns):
    """Rows of SQL literals: the n-th value of every column, then one row of NULLs."""
    count = max(len(column.values) for column in columns) + 1
    for row in range(count):
        yield row, [column.values[row] if row < len(column.values) else "NULL" for column in columns]


def read_directory(directory, key="id"):
    """Rows in the key's order, straight from Parquet."""
    table = pyarrow.parquet.read_table(sorted(directory.glob("*.parquet")))
    return table.take(pyarrow.compute.sort_indices(table, sort_keys=[(key, "ascending")]))


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b)
    return a == b


def compare_columns(columns, ask, table):
    """Every column, every row; the answer is the list of differences."""
    trouble = []
    for column in columns:
        expected = [server_text(value, column.compare) for value in ask(column)]
        found = arrow_text(table[column.name], column.compare)
        for row, (a, b) in enumerate(zip(expected, found, strict=True)):
            if not same(a, b):
                trouble.append(f"{column.sql_type} row {row}: the server prints {a!r}, Parquet ({table.schema.field(column.name).type}) holds {b!r}")
    return trouble
