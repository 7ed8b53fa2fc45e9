"""Fixtures: a program with a lake of its own, database servers for the whole session, and a small shop in each."""

import pathlib
import shutil
import sqlite3
import tempfile

import pytest

from program import Sluice
from servers import MariaDb, PostgreSql

ORDERS = 1200
STATES = ["paid", "open", "returned", None]


def shop_rows(count=ORDERS):
    """id, customer, state, cents, note: the same everywhere, with NULLs, quotes, and characters beyond ASCII."""
    for i in range(1, count + 1):
        note = [None, "", "plain", "with 'quotes' and \"more\"", "Größe 42 · 漢字 · 🚚", "tab\tand\nline"][i % 6]
        yield i, i % 97 + 1, STATES[i % 4], i * 125 % 99991, note


def make_shop(path, count=ORDERS):
    with sqlite3.connect(path) as db:
        db.execute("create table orders (id integer primary key, customer integer, state text, cents integer, note text)")
        db.executemany("insert into orders values (?, ?, ?, ?, ?)", shop_rows(count))
        db.execute("create table items (order_id integer, line integer, product text, primary key (order_id, line))")
        db.executemany("insert into items values (?, ?, ?)", ((i, k, f"p{i % 7}") for i in range(1, 301) for k in (1, 2)))
    return path


@pytest.fixture
def sluice(tmp_path):
    return Sluice(tmp_path)


@pytest.fixture
def shop(tmp_path):
    """A SQLite shop in the program's directory; its URL."""
    make_shop(tmp_path / "shop.db")
    return "sqlite:///shop.db"


@pytest.fixture(scope="session")
def server_folder():
    """Short, because of the length of socket names, and open to other users, because PostgreSQL runs as one."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-e2e-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def load_shop(server, placeholders):
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table orders (id bigint primary key, customer int, state varchar(20), cents bigint, note text)")
        cursor.executemany(f"insert into orders values ({placeholders})", list(shop_rows()))
        cursor.execute("create table items (order_id bigint not null, line int not null, product varchar(20), primary key (order_id, line))")
        cursor.executemany("insert into items values (%s, %s, %s)", [(i, k, f"p{i % 7}") for i in range(1, 301) for k in (1, 2)])


@pytest.fixture(scope="session")
def mariadb(server_folder):
    server = MariaDb(server_folder / "m")
    load_shop(server, "%s, %s, %s, %s, %s")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql(server_folder):
    server = PostgreSql(server_folder / "p")
    load_shop(server, "%s, %s, %s, %s, %s")
    yield server
    server.stop()


@pytest.fixture(params=["mariadb", "postgresql"])
def database(request):
    """Each of the two servers in turn."""
    return request.getfixturevalue(request.param)
