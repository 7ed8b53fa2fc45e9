"""A canary password is searched for in everything that runs leave behind."""

import pathlib
import threading
import urllib.parse

import pytest

from program import AUTH, OK

CANARY = "kanari3n-V0gel/ü@:#'\\"


def forms(word):
    """The password as it is, percent-encoded, and escaped in JSON."""
    return {form.encode() for form in (word, urllib.parse.quote(word, safe=""), word.replace("\\", "\\\\"), "kanari3n-V0gel")}


class Watch(threading.Thread):
    """Reads the command lines of every process while the program runs."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.seen = threading.Event(), set()

    def run(self):
        while not self.ended.wait(0.005):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes()
                except OSError:
                    continue
                if b"sluice" in line:
                    self.seen.add(line)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


@pytest.fixture
def canary(database):
    """An account with the canary as its password; URL and file."""
    escaped = CANARY.replace("\\", "\\\\").replace("'", "''") if database.scheme == "mysql" else CANARY.replace("'", "''")
    if database.scheme == "mysql":
        database.run(f"create or replace user bird@127.0.0.1 identified by '{escaped}'", "grant select on shop.* to bird@127.0.0.1")
    else:
        if not database.run("select 1 from pg_roles where rolname = 'bird'"):
            database.run("create role bird login", user="postgres")
        database.run(f"alter role bird password '{escaped}'", user="postgres")
        database.run("grant select on all tables in schema public to bird")
    return database


def search(sluice, results, with_urls=()):
    """Places where a form of the canary is found."""
    found = []
    for result in results:
        for form in forms(CANARY):
            if form in (result.out + result.err).encode():
                found.append(f"output of {result.words[0]} {result.words[-3:]}: {form!r}")
    for path in sluice.home.rglob("*"):
        if path.is_file() and path.name not in ("pw",):
            data = path.read_bytes()
            found += [f"{path}: {form!r}" for form in forms(CANARY) if form in data]
    return found


def test_no_trace_of_the_password(sluice, canary):
    (sluice.home / "pw").write_text(CANARY + "\n")
    url = canary.url(user="bird")
    debug = ["--log-level", "debug"]
    source = [url, "--password-file", "pw"]
    with Watch() as watch:
        results = [
            sluice.run("doctor", *source, *debug, code=OK),
            sluice.run("plan", *source, "--table", "orders", "--to", "landing.orders", *debug, code=OK),
            sluice.run("import", *source, "--table", "orders", "--to", "landing.orders", *debug, code=OK),
            sluice.run("import", *source, "--table", "orders", "--to", "landing.orders", "--json", "--log-format", "json", *debug, code=OK),
            sluice.run("import", *source, "--table", "nothing", "--to", "landing.orders", "--json", *debug),
            sluice.run("import", *source, "--query", "select * from", "--to", "landing.orders", *debug),
            sluice.run("import", url, "--password-env", "BIRD", "--table", "orders", "--to", "landing.orders", *debug, env={"BIRD": CANARY}, code=OK),
            sluice.run("sql", "select count(*) from landing.orders", *debug, code=OK),
            sluice.run("tables", "--json", code=OK),
        ]
        killed = sluice.run("import", *source, "--table", "orders", "--to", "landing.orders", *debug,
                            env={"SLUICE_FAILPOINTS": "pipeline.before_finish=crash@1"})
    assert watch.seen, "the watch has to see the program"
    trouble = search(sluice, [*results, killed])
    trouble += [f"command line {line!r}" for line in watch.seen for form in forms(CANARY) if form in line]
    assert not trouble, "\n".join(trouble)


def test_a_password_in_the_url_is_used_and_not_repeated(sluice, canary):
    url = canary.url(user="bird:" + urllib.parse.quote(CANARY, safe=""))
    results = [
        sluice.run("import", url, "--table", "orders", "--to", "landing.orders", "--log-level", "debug", code=OK),
        sluice.run("import", url, "--table", "orders", "--to", "landing.orders", "--json", code=OK),
        sluice.run("import", url.replace("bird:", "bird:x"), "--table", "orders", "--to", "landing.orders", "--log-level", "debug", code=AUTH),
        sluice.run("doctor", url, "--log-level", "debug", code=OK),
    ]
    assert "--password-file" in results[0].err, "a password in a URL is warned about"
    assert search(sluice, results) == []
