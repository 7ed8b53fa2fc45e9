"""The program as a shell sees it: help, words on the wrong place, one JSON object, colours, completion, reference."""

import json
import pathlib
import subprocess

import pytest

from program import FAILED, OK, ROOT, USAGE

COMMANDS = ["import", "plan", "sql", "tables", "table", "doctor", "gc", "completion", "version"]


def test_help_names_every_command(sluice):
    for words in (["--help"], ["help"], []):
        result = sluice.run(*words)
        assert result.code in (OK, USAGE)
        text = result.out + result.err
        assert all(command in text for command in COMMANDS), text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(sluice, command):
    result = sluice.run(command, "--help", code=OK)
    assert f"sluice {command}" in result.out and result.err == ""
    described, _, _ = result.out.partition("\nExamples:")
    assert max(map(len, described.splitlines())) <= 100


@pytest.mark.parametrize("words", [
    ["imprt"],
    ["import"],
    ["import", "sqlite:///shop.db"],
    ["import", "sqlite:///shop.db", "--table", "orders"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--query", "select 1", "--to", "a.b"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--paralel", "3"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--parallel", "0"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--parallel", "many"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--mode", "replace"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a..b"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--partition-by", "weekly(id)"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--partition-by", "day(nothing)"],
    ["import", "shop.db", "--table", "orders", "--to", "a.b"],
    ["table", "landing.nothing"],
    ["gc", "--older-than", "soon"],
    ["completion", "fish"],
    ["sql", "select 1", "--output", "xml"],
    ["sql", "selec 1"],
    ["sql", "select * from landing.nothing"],
])
def test_wrong_words_are_refused_and_change_nothing(sluice, shop, words):
    result = sluice.run(*words, code=USAGE)
    assert len([line for line in result.err.splitlines() if line.startswith("sluice: ")]) == 1, result.explain()
    assert not (sluice.lake / "landing").exists()


def test_a_near_word_is_offered(sluice):
    assert "--parallel" in sluice.run("import", "sqlite:///x.db", "--paralel", "3", code=USAGE).err
    assert "import" in sluice.run("imprt", code=USAGE).err


@pytest.mark.parametrize("words", [
    ["import", "sqlite:///shop.db", "--table", "nothing", "--to", "a.b", "--json"],
    ["import", "sqlite:///nothing.db", "--table", "nothing", "--to", "a.b", "--json"],
    ["import", "--json"],
    ["import", "sqlite:///shop.db", "--table", "orders", "--to", "a.b", "--mode", "replace", "--json"],
    ["plan", "sqlite:///shop.db", "--table", "nothing", "--to", "a.b", "--json"],
    ["table", "a.b", "--json"],
    ["tables", "--json"],
    ["gc", "--json"],
    ["doctor", "mysql://u@127.0.0.1:1/x", "--json"],
])
def test_json_is_one_object_also_after_an_error(sluice, shop, words):
    result = sluice.run(*words)
    assert result.code != OK
    answer = result.json()
    assert answer["error"]["kind"] and answer["error"]["message"]


def test_json_is_one_object(sluice, shop):
    report = sluice.import_(shop, "--table", "orders", "--to", "landing.orders")
    assert {"run_id", "source", "snapshot", "tables", "ok", "exit_code"} <= set(report)
    for words in (["plan", shop, "--table", "orders", "--to", "landing.orders"], ["tables"], ["table", "landing.orders"], ["gc"], ["doctor", shop]):
        assert sluice.run(*words, "--json", code=OK).json()["ok"] is True


def test_nothing_but_text_when_not_on_a_terminal(sluice, shop):
    result = sluice.run("import", shop, "--table", "orders", "--to", "landing.orders", code=OK)
    assert "\x1b" not in result.out + result.err and "\r" not in result.err
    assert "1,200" in result.out or "1200" in result.out


def test_colours_and_bars_obey_no_color(sluice, shop):
    """On a terminal: script(1) gives the program one."""
    command = f"{sluice.binary} import {shop} --table orders --to landing.orders"
    done = subprocess.run(["script", "-qec", command, "/dev/null"], capture_output=True, text=True, cwd=sluice.home,
                          env=sluice.environment({"NO_COLOR": "1", "TERM": "xterm"}), check=False)
    assert done.returncode == 0 and "landing.orders" in done.stdout
    assert "\x1b[3" not in done.stdout and "\x1b[1m" not in done.stdout


def test_log_lines_as_json(sluice, shop):
    result = sluice.run("import", shop, "--table", "orders", "--to", "landing.orders", "--log-format", "json", "--log-level", "debug", code=OK)
    lines = result.err.splitlines()
    assert lines
    for line in lines:
        assert {"level", "room"} <= set(json.loads(line)), line


def test_result_forms(sluice, shop):
    sluice.import_(shop, "--table", "orders", "--to", "landing.orders")
    query = "select id, note from landing.orders where id in (1, 2, 3, 6) order by id"
    csv = sluice.run("sql", query, "--output", "csv", code=OK).out
    assert csv == 'id,note\n1,""\n2,plain\n3,"with \'quotes\' and ""more"""\n6,\n'
    assert sluice.run("sql", query, code=OK).out == csv
    table = sluice.run("sql", query, "--output", "table", code=OK).out
    assert "(4 rows)" in table and "NULL" in table
    lines = sluice.run("sql", query, "--output", "jsonl", code=OK).out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 2, 3, 6]
    for form in ("arrow", "parquet"):
        done = subprocess.run([sluice.binary, "sql", query, "--output", form], capture_output=True, cwd=sluice.home, env=sluice.environment(), check=True)
        import io

        import pyarrow.ipc
        import pyarrow.parquet

        read = pyarrow.ipc.open_stream(done.stdout).read_all() if form == "arrow" else pyarrow.parquet.read_table(io.BytesIO(done.stdout))
        assert read["id"].to_pylist() == [1, 2, 3, 6] and read["note"].null_count == 1


def test_sql_from_a_file_and_from_stdin(sluice):
    (sluice.home / "q.sql").write_text("select 1 as a;\nselect 2 as b;\n")
    assert sluice.run("sql", "-f", "q.sql", "--output", "csv", code=OK).out == "a\n1\nb\n2\n"
    assert sluice.run("sql", "--output", "csv", stdin="select 3 as c", code=OK).out == "c\n3\n"


def test_completion_is_accepted_by_bash(sluice):
    script = sluice.run("completion", "bash", code=OK).out
    check = script + "\nCOMP_WORDS=(sluice im); COMP_CWORD=1; COMP_LINE='sluice im'; COMP_POINT=9\n"
    check += "spec=$(complete -p sluice) && fn=$(echo \"$spec\" | sed -E 's/.*-F ([^ ]+).*/\\1/') && $fn sluice im sluice && echo \"${COMPREPLY[@]}\"\n"
    done = subprocess.run(["bash", "-c", check], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["import"], done.stderr
    assert "#compdef sluice" in sluice.run("completion", "zsh", code=OK).out


def test_reference_is_fresh(sluice):
    page = pathlib.Path(ROOT) / "docs/reference/cli.md"
    assert sluice.run("docs", code=OK).out == page.read_text(), "run 'make docs' and commit the page"


def test_version(sluice):
    out = sluice.run("version", code=OK).out
    assert out.startswith("sluice 0.") and all(name in out for name in ("sqlite", "mysql", "postgresql"))
    assert FAILED == 1


def test_host_time_zone_does_not_matter(sluice):
    import sqlite3

    with sqlite3.connect(sluice.home / "t.db") as db:
        db.execute("create table t (id integer primary key)")
        db.execute("insert into t values (1)")
    sluice.run("import", "sqlite:///t.db", "--table", "t", "--to", "a.t", code=OK)
    texts = {sluice.run("sql", "select timestamptz '2024-07-01 12:00:00+00' as t, timestamp '2024-07-01 12:00:00' as l from a.t", env={"TZ": zone}, code=OK).out
             for zone in ("UTC", "Asia/Tokyo", "America/New_York")}
    assert len(texts) == 1
