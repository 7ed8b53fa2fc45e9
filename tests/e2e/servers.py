"""Database servers for tests: started on loopback in directories of their own, by tests/services/*.sh."""

import os
import pathlib
import socket
import subprocess

import psycopg
import pymysql

SERVICES = pathlib.Path(__file__).resolve().parents[1] / "services"
PASSWORD = "sluice-test-word"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`script start DIR PORT` and `script stop DIR PORT`; the program's URL and a password file."""

    def __init__(self, script, scheme, folder):
        self.script, self.scheme, self.folder, self.port = SERVICES / script, scheme, pathlib.Path(folder), free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.password_file = self.folder / "password"
        self.password_file.write_text(PASSWORD + "\n")
        (self.folder / "server").mkdir(exist_ok=True)
        done = subprocess.run([self.script, "start", self.folder / "server", str(self.port)], capture_output=True, text=True,
                              timeout=180, env={**os.environ, "MARIADB_PASSWORD": PASSWORD, "PGTEST_PASSWORD": PASSWORD})
        assert done.returncode == 0, f"{script}: {done.stdout} {done.stderr}"

    def stop(self):
        subprocess.run([self.script, "stop", self.folder / "server", str(self.port)], capture_output=True, timeout=120, check=True)

    def url(self, database="shop", user="sluice"):
        return f"{self.scheme}://{user}@127.0.0.1:{self.port}/{database}"

    def source(self, database="shop"):
        """What comes after the command's name: URL and password."""
        return [self.url(database), "--password-file", self.password_file]


class MariaDb(Server):
    def __init__(self, folder):
        super().__init__("mariadb.sh", "mysql", folder)

    def connect(self, database="shop", user="sluice", password=PASSWORD, **more):
        return pymysql.connect(host="127.0.0.1", port=self.port, user=user, password=password, database=database,
                               charset="utf8mb4", autocommit=True, **more)

    def run(self, *statements, database="shop"):
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()


class PostgreSql(Server):
    def __init__(self, folder):
        super().__init__("postgresql.sh", "postgresql", folder)

    def connect(self, database="shop", user="sluice", password=PASSWORD, **more):
        return psycopg.connect(host="127.0.0.1", port=self.port, user=user, password=password, dbname=database,
                               autocommit=True, **more)

    def run(self, *statements, database="shop", user="sluice"):
        with self.connect(database, user) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
