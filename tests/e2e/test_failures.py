"""What goes wrong around an import: the right exit code, one clear message, the target unchanged."""

import os
import resource
import shutil
import signal
import subprocess
import threading

import pytest

import lakes
from conftest import ORDERS, make_shop
from program import AUTH, CONFLICT, DATA_CHECK, OK, SOME_FAILED, TEMPORARY, USAGE, files_below

SLOW = {"SLUICE_FAILPOINTS": "trace;pipeline.after_batch=delay:100@*"}
SMALL = ["--batch-rows", "50", "--chunk-rows-min", "100"]


def one_message(result, *words):
    """Exactly one line speaks of the error, and it has these words."""
    lines = [line for line in result.err.splitlines() if line.startswith("sluice: ")]
    assert len(lines) == 1, result.explain()
    for word in words:
        assert word in lines[0], result.explain()
    return lines[0]


@pytest.fixture
def seeded(sluice, shop):
    """landing.orders with 7 rows, to be left alone."""
    sluice.import_(shop, "--table", "orders", "--where", "id <= 7", "--to", "landing.orders")
    sluice.seen = files_below(sluice.lake / "landing")
    return sluice


def unchanged(sluice):
    assert sluice.value("select count(*) from landing.orders") == 7
    assert len(lakes.rows(sluice.lake, "landing.orders")) == 7


# ---- signals -------------------------------------------------------------------------------------------------


def test_ctrl_c_stops_cleanly(seeded):
    running = seeded.start("import", "sqlite:///shop.db", "--table", "orders", "--to", "landing.orders", *SMALL, env=SLOW)
    running.wait_for(r"failpoint pipeline.after_batch pass 3")
    running.interrupt()
    result = running.finish()
    assert result.code == 130, result.explain()
    one_message(result)
    unchanged(seeded)
    assert files_below(seeded.lake / "landing") == seeded.seen, "a clean stop leaves no files"


def test_ctrl_c_twice_ends_at_once(seeded):
    slow = {"SLUICE_FAILPOINTS": "trace;pipeline.after_batch=delay:60000@*"}
    running = seeded.start("import", "sqlite:///shop.db", "--table", "orders", "--to", "landing.orders", *SMALL, env=slow)
    running.wait_for(r"failpoint pipeline.after_batch pass 1")
    running.interrupt()
    # The first one is understood when the program says so or is silent; the second must not be merged with it.
    running.process.send_signal(signal.SIGINT)
    while running.process.poll() is None:
        running.interrupt()
        try:
            running.process.wait(0.2)
        except subprocess.TimeoutExpired:
            pass
        assert len(running.lines) < 10000
    result = running.finish()
    assert result.code in (130, -signal.SIGINT) and result.seconds < 20, result.explain()
    unchanged(seeded)


def test_terminated(seeded):
    running = seeded.start("import", "sqlite:///shop.db", "--table", "orders", "--to", "landing.orders", "--json", *SMALL, env=SLOW)
    running.wait_for(r"failpoint pipeline.after_batch pass 2")
    running.process.terminate()
    result = running.finish()
    assert result.code == 143, result.explain()
    assert result.json()["error"]["kind"] == "cancelled"
    unchanged(seeded)


def test_ctrl_c_in_a_query(sluice):
    running = sluice.start("sql", "select count(*) from range(100000000000) a, range(1000) b", "--log-level", "debug")
    threading.Timer(1.0, running.interrupt).start()
    result = running.finish(timeout=60)
    assert result.code == 130, result.explain()


# ---- the server goes away ------------------------------------------------------------------------------------


def kill_readers(mariadb):
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id from information_schema.processlist where user = 'sluice' and id <> connection_id()")
        for (session,) in cursor.fetchall():
            try:
                cursor.execute(f"kill {session}")
            except Exception as error:  # it may have gone by itself
                assert "Unknown thread" in str(error)


def terminate_readers(postgresql):
    postgresql.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sluice' and pid <> pg_backend_pid()")


@pytest.mark.parametrize("server, kill", [("mariadb", kill_readers), ("postgresql", terminate_readers)])
def test_connections_killed_while_reading(request, seeded, server, kill):
    server = request.getfixturevalue(server)
    server.run("drop table if exists big", "create table big (id int primary key, filler varchar(2000))")
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("insert into big values (%s, %s)", [(i, "x" * 1900) for i in range(30000)])
    running = seeded.start("import", *server.source(), "--table", "big", "--to", "landing.big", "--parallel", "2", *SMALL, env=SLOW)
    running.wait_for(r"failpoint pipeline.after_batch pass 2")
    kill(server)
    result = running.finish()
    assert result.code == TEMPORARY, result.explain()
    one_message(result, "big")
    unchanged(seeded)
    assert not [n for n in lakes.catalog(seeded.lake).list_tables("landing") if n[1] == "big" and lakes.rows(seeded.lake, "landing.big")]
    report = seeded.import_(*server.source(), "--table", "big", "--to", "landing.big")
    assert report["tables"][0]["rows_committed"] == 30000


def test_nobody_listens(seeded):
    for scheme in ("mysql", "postgresql"):
        result = seeded.run("import", f"{scheme}://u@127.0.0.1:1/shop", "--table", "t", "--to", "landing.orders", code=TEMPORARY)
        one_message(result, "127.0.0.1")
    unchanged(seeded)


# ---- rights and names ----------------------------------------------------------------------------------------


def test_wrong_password(seeded, database, tmp_path):
    (tmp_path / "wrong").write_text("not-the-password\n")
    result = seeded.run("import", database.url(), "--password-file", "wrong", "--table", "orders", "--to", "landing.orders", code=AUTH)
    one_message(result)
    assert "not-the-password" not in result.out + result.err
    unchanged(seeded)


def test_unknown_table_names_near_ones(seeded, database):
    result = seeded.run("import", *database.source(), "--table", "order", "--to", "landing.orders", code=USAGE)
    one_message(result, "order", "orders")
    unchanged(seeded)


def test_unknown_database_column_and_scheme(seeded, database):
    assert seeded.run("import", *database.source("nowhere"), "--table", "orders", "--to", "landing.orders").code in (USAGE, AUTH)
    result = seeded.run("import", *database.source(), "--table", "orders", "--columns", "id,cent", "--to", "landing.orders", code=USAGE)
    one_message(result, "cent")
    result = seeded.run("import", *database.source(), "--table", "orders", "--where", "no such syntax", "--to", "landing.orders", code=USAGE)
    one_message(result)
    result = seeded.run("import", "oracle://u@h/x", "--table", "orders", "--to", "landing.orders", code=USAGE)
    one_message(result, "oracle", "postgresql")
    unchanged(seeded)


def test_permission_denied_says_the_grant(seeded, mariadb, postgresql):
    mariadb.run("create or replace user poor@127.0.0.1 identified by 'sluice-test-word'", "grant select on shop.items to poor@127.0.0.1")
    result = seeded.run("import", mariadb.url(user="poor"), "--password-file", mariadb.password_file, "--table", "orders", "--to",
                        "landing.orders", code=AUTH)
    one_message(result, "GRANT SELECT ON", "orders", "poor")
    doctor = seeded.run("doctor", mariadb.url(user="poor"), "--password-file", mariadb.password_file)
    assert doctor.code in (OK, AUTH)
    if not postgresql.run("select 1 from pg_roles where rolname = 'poor'"):
        postgresql.run("create role poor login password 'sluice-test-word'", user="postgres")
    result = seeded.run("import", postgresql.url(user="poor"), "--password-file", postgresql.password_file, "--table", "orders", "--to",
                        "landing.orders", code=AUTH)
    one_message(result, "GRANT SELECT ON", "orders", "poor")
    unchanged(seeded)


def test_missing_files_are_usage_errors(sluice):
    result = sluice.run("import", "sqlite:///no.db", "--table", "t", "--to", "a.t", code=USAGE)
    one_message(result, "no.db")
    result = sluice.run("import", "mysql://u@h/x", "--password-file", "nowhere", "--table", "t", "--to", "a.t", code=USAGE)
    one_message(result, "nowhere")
    assert not sluice.lake.exists(), "a failed start makes no lake"


# ---- places that cannot be written ---------------------------------------------------------------------------


def unprivileged():
    """Runs as nobody when the tests run as root, which no directory can refuse."""
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


def reachable(sluice):
    """A place of its own that another user may enter and read, with the program in it."""
    import pathlib
    import tempfile

    place = pathlib.Path(tempfile.mkdtemp(prefix="sluice-nobody-"))
    place.chmod(0o777)
    make_shop(place / "shop.db")
    (place / "shop.db").chmod(0o666)
    return place


@pytest.fixture
def open_place(sluice):
    place = reachable(sluice)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def test_directory_that_cannot_be_written(sluice, open_place):
    locked = open_place / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    prefix = unprivileged()
    reach = subprocess.run([*prefix, str(sluice.binary), "version"], capture_output=True, check=False, env=sluice.environment())
    assert reach.returncode == 0, "the build has to be readable by other users for this test"
    for target in (["--to", "landing.orders", "--lake", str(locked / "lake")], ["--to", str(locked / "out")]):
        result = sluice.run("import", "sqlite:///shop.db", "--table", "orders", *target, prefix=prefix, cwd=open_place)
        assert result.code in (AUTH, TEMPORARY), result.explain()
        one_message(result, "locked")
    assert files_below(locked) == []


def test_no_space_left(sluice, shop, tmp_path):
    """A small file system that fills up: the first table stays, the second leaves nothing."""
    small = tmp_path / "small"
    small.mkdir()
    make_shop(tmp_path / "big.db", count=60000)
    script = f"""
      mount -t tmpfs -o size=1m tmpfs {small} || exit 99
      "$0" import sqlite:///shop.db --table items --to landing.items --lake {small}/lake --log-level error || exit 98
      "$0" import sqlite:///big.db --table orders --to landing.orders --lake {small}/lake --compression none --log-level error
      echo "code $?"
      "$0" sql 'select count(*) as n from landing.items' --output csv --lake {small}/lake
      "$0" gc --older-than 0s --json --lake {small}/lake
    """
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run([*unshare, "sh", "-c", script, str(sluice.binary)], capture_output=True, text=True, cwd=tmp_path,
                          env=sluice.environment(), check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"code {TEMPORARY}\n" in done.stdout, done.stdout + done.stderr
    assert "\n600\n" in done.stdout and '"files":[]' in done.stdout.replace(" ", ""), done.stdout + done.stderr
    messages = [line for line in done.stderr.splitlines() if line.startswith("sluice: ")]
    assert len(messages) == 1 and "space" in messages[0].lower(), done.stderr


def test_a_file_may_not_grow(seeded):
    """The same by a limit on file sizes: another errno, another place."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    make_shop(seeded.home / "big.db", count=60000)
    result = seeded.run("import", "sqlite:///big.db", "--table", "orders", "--to", "landing.orders", "--compression", "none",
                        preexec_fn=limit, restore_signals=False)
    assert result.code == TEMPORARY, result.explain()
    one_message(result)
    unchanged(seeded)


# ---- values and policies -------------------------------------------------------------------------------------


def test_a_value_that_breaks_a_policy_stops_the_import(sluice):
    import sqlite3

    with sqlite3.connect(sluice.home / "odd.db") as db:
        db.execute("create table odd (id integer primary key, n integer)")
        db.executemany("insert into odd values (?, ?)", [(1, 1), (2, "two"), (3, None)])
    arguments = ["sqlite:///odd.db", "--table", "odd", "--to", "landing.odd"]
    result = sluice.run("import", *arguments)
    assert result.code in (USAGE, DATA_CHECK), result.explain()
    one_message(result, "odd", "n")
    report = sluice.import_(*arguments, "--wrong-storage-class", "null")
    assert sum(report["tables"][0]["odd_values"].values()) == 1
    assert [r["n"] for r in sluice.sql("select n from landing.odd order by id")] == [1, None, None]


def test_other_tables_go_on_when_asked(sluice, shop):
    import sqlite3

    with sqlite3.connect(sluice.home / "shop.db") as db:
        db.execute("create table a_bad (id integer primary key, n integer)")
        db.execute("insert into a_bad values (1, 'x')")
    stopped = sluice.run("import", shop, "--tables", "*", "--to", "landing")
    assert stopped.code not in (OK, SOME_FAILED) or "items" not in str(sluice.sql("show tables"))
    report = sluice.run("import", shop, "--tables", "*", "--to", "more", "--on-error", "continue", "--json", code=SOME_FAILED).json()
    assert {t["target"] for t in report["tables"]} == {"more.a_bad", "more.items", "more.orders"}
    assert sluice.value("select count(*) from more.orders") == ORDERS


# ---- two at once ---------------------------------------------------------------------------------------------


def both(sluice, *words, env=None):
    running = [sluice.start("import", "sqlite:///shop.db", "--table", "orders", "--to", "landing.orders", *words, env=env) for _ in range(2)]
    return [one.finish() for one in running]


def test_two_appends_both_land(seeded):
    for turn in range(1, 4):
        for result in both(seeded):
            assert result.code == OK, result.explain()
        assert seeded.value("select count(*) from landing.orders") == 7 + 2 * turn * ORDERS
    assert lakes.missing_files(seeded.lake) == [] and len(lakes.rows(seeded.lake, "landing.orders")) == 7 + 6 * ORDERS


def test_two_first_imports_both_land(sluice, shop):
    for result in both(sluice):
        assert result.code == OK, result.explain()
    assert sluice.value("select count(*) from landing.orders") == 2 * ORDERS


def test_of_two_overwrites_one_may_lose_and_is_told(seeded):
    wait = {"SLUICE_FAILPOINTS": "pipeline.before_finish=delay:400@*"}
    results = both(seeded, "--mode", "overwrite", env=wait)
    codes = sorted(r.code for r in results)
    assert codes in ([OK, OK], [OK, CONFLICT]), [r.explain() for r in results]
    assert seeded.value("select count(*) from landing.orders") == ORDERS
    for result in results:
        if result.code == CONFLICT:
            one_message(result, "orders", "import again")


def test_a_source_that_changes_meanwhile_is_one_state(seeded, database):
    """Rows move from one end of the key to the other while the import reads slowly: none is lost, none twice."""
    database.run("drop table if exists moving", "create table moving (id int primary key, filler varchar(100))")
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.executemany("insert into moving values (%s, %s)", [(i, "x" * 50) for i in range(5000)])
    running = seeded.start("import", *database.source(), "--table", "moving", "--to", "landing.moving", "--json", "--parallel", "3",
                           "--batch-rows", "200", "--chunk-rows-min", "300", env=SLOW)
    running.wait_for(r"failpoint pipeline.after_batch pass 1")
    database.run("update moving set id = id + 100000 where id < 2500", "delete from moving where id between 3000 and 3100")
    result = running.finish()
    assert result.code == OK, result.explain()
    if result.json()["snapshot"]["consistency"] == "snapshot":
        assert sorted(r["id"] for r in lakes.rows(seeded.lake, "landing.moving")) == list(range(5000))
    else:
        raise AssertionError(f"{database.scheme} can give a snapshot: {result.json()['snapshot']}")
