"""What others see in the lake: PyIceberg and DuckDB's Iceberg extension, never our own code."""

import pathlib
import urllib.parse

import duckdb
from pyiceberg.catalog.sql import SqlCatalog

import duckdb_extension_avro
import duckdb_extension_iceberg


def catalog(lake):
    lake = pathlib.Path(lake).resolve()
    return SqlCatalog("sluice", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")


def table(lake, name):
    return catalog(lake).load_table(name)


def rows(lake, name, **scan):
    """As a list of dictionaries."""
    return table(lake, name).scan(**scan).to_arrow().to_pylist()


def local(uri):
    """The path of a file URI."""
    return pathlib.Path(urllib.parse.unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri)


def referenced_files(one):
    """Every file that any snapshot of a table needs, and its metadata files."""
    files = {local(one.metadata_location)} | {local(entry.metadata_file) for entry in one.metadata.metadata_log}
    for snapshot in one.metadata.snapshots:
        files.add(local(snapshot.manifest_list))
        for manifest in snapshot.manifests(one.io):
            files.add(local(manifest.manifest_path))
            files |= {local(entry.data_file.file_path) for entry in manifest.fetch_manifest_entry(one.io)}
    return files


def missing_files(lake):
    """Referenced but not there, over all tables."""
    return [str(f) for f in all_referenced(lake) if not f.exists()]


def all_referenced(lake):
    names = catalog(lake)
    files = set()
    for space in names.list_namespaces():
        for name in names.list_tables(space):
            files |= referenced_files(names.load_table(name))
    return files


def orphans(lake):
    """Files under the table directories that no snapshot refers to, by PyIceberg's account."""
    lake = pathlib.Path(lake).resolve()
    present = {p for p in lake.rglob("*") if p.is_file() and p.parent != lake}
    return sorted(str(p) for p in present - all_referenced(lake))


def duckdb_rows(metadata_file, query="select * from t"):
    """A second foreign reader, in C++: DuckDB's own Iceberg extension; the table is called t."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    for package, name in ((duckdb_extension_avro, "avro"), (duckdb_extension_iceberg, "iceberg")):
        (extension,) = pathlib.Path(package.__path__[0]).rglob(f"{name}.duckdb_extension")
        connection.execute(f"load '{extension}'")
    connection.execute("set timezone = 'UTC'")
    connection.execute(f"create view t as select * from iceberg_scan('{local(str(metadata_file))}')")
    answer = connection.execute(query)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row)) for row in answer.fetchall()]
