"""The checker is checked: a good house gives no finding, and each kind of damage gives the finding that names it."""

import pathlib
import subprocess
import sys

import pytest

TIDY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "tidy.py"
CHECKS = ["rooms", "cycles", "foreign", "listed", "readmes", "sizes", "names", "calls", "text", "pages"]

HOUSE = {
    "tools/rooms.txt": "base:\nsqlite: base\nsql: base\nforeign duckdb: sql\n",
    "src/CMakeLists.txt": "",
    "src/base/CMakeLists.txt": "sluice_room(NAME base SOURCES text.cc HEADERS text.h TESTS text_test.cc)\n",
    "src/base/README.md": "# base\nWords.\n",
    "src/base/text.h": "#pragma once\n\nnamespace sluice {\nint Length();\n}\n",
    "src/base/text.cc": '#include "base/text.h"\n\nnamespace sluice {\nint Length() { return 1; }\n}\n',
    "src/base/text_test.cc": '#include "base/text.h"\n\nTEST(Text, Length) { EXPECT_EQ(sluice::Length(), 1); }\n',
    "src/sqlite/CMakeLists.txt": "sluice_room(NAME sqlite SOURCES database.cc ROOMS base)\n",
    "src/sqlite/README.md": "# sqlite\nWords.\n",
    "src/sqlite/database.cc": '#include "base/text.h"\n\nnamespace sluice::sqlite {}\n',
    "README.md": "# The house\nSee [base](src/base/README.md).\n```\n# not a title\n```\n",
}


def findings(tmp_path, changes=None, checks=CHECKS):
    for name, text in {**HOUSE, **(changes or {})}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run = subprocess.run([sys.executable, str(TIDY), "--root", str(tmp_path), *checks], capture_output=True, text=True)
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    assert run.returncode == (1 if len(lines) > 1 else 0)
    return lines[:-1]


def test_a_good_house_has_no_finding(tmp_path):
    assert findings(tmp_path) == []


def body(lines):
    return "namespace sluice {\nint Long(int a) {\n" + "  a += 1;\n" * (lines - 2) + "}\n}  // namespace sluice\n"


DAMAGE = {
    "upward include": ({"src/base/text.cc": '#include "sqlite/database.h"\n'}, "base may not include sqlite"),
    "edge that is not allowed": (
        {"src/base/CMakeLists.txt": "sluice_room(NAME base SOURCES text.cc HEADERS text.h TESTS text_test.cc ROOMS sqlite)\n"},
        "ROOMS has sqlite",
    ),
    "edge that is not named": ({"src/sqlite/CMakeLists.txt": "sluice_room(NAME sqlite SOURCES database.cc)\n"}, "name it in ROOMS"),
    "include from nowhere": ({"src/base/text.cc": '#include "text.h"\n'}, "is in no room"),
    "unknown room": ({"src/misc/CMakeLists.txt": "sluice_room(NAME misc)\n", "src/misc/README.md": "# misc\n"}, "does not know this room"),
    "cycle": ({"tools/rooms.txt": "base: sqlite\nsqlite: base\nsql: base\n"}, "base -> sqlite -> base"),
    "foreign header": ({"src/base/text.cc": "#include <duckdb.hpp>\n"}, "belongs to sql"),
    "file not listed": ({"src/base/more.cc": "int x;\n"}, "src/base/more.cc: not in"),
    "listed file missing": (
        {"src/base/CMakeLists.txt": "sluice_room(NAME base SOURCES text.cc gone.cc HEADERS text.h TESTS text_test.cc)\n"},
        "lists gone.cc",
    ),
    "wrong title": ({"src/base/README.md": "# Base room\n"}, "begin with the title '# base'"),
    "long README": ({"src/base/README.md": "# base\n" + "x\n" * 20}, "21 lines, at most 20"),
    "long file": ({"src/base/text.cc": "int x;\n" * 601}, "601 lines, a file has at most 600"),
    "long function": ({"src/base/text.cc": body(71)}, "Long: 71 lines, a function has at most 70"),
    "function grew": (
        {"src/base/text.cc": body(80), "tools/ratchet.txt": "function src/base/text.cc:Long 75\n"},
        "grew from 75 to 80",
    ),
    "ratchet too generous": (
        {"src/base/text.cc": body(72), "tools/ratchet.txt": "function src/base/text.cc:Long 75\n"},
        "the ratchet still allows 75",
    ),
    "empty name": ({"src/base/text.h": "#pragma once\nclass TextManager {\n};\n"}, "TextManager names no idea"),
    "empty file name": ({"src/base/text_util.h": "#pragma once\n"}, "a file is named after its idea"),
    "sleep": ({"src/base/text_test.cc": "void F() { std::this_thread::sleep_for(x); }\n"}, "waits by the clock"),
    "skip": ({"src/base/text_test.cc": 'void F() { GTEST_SKIP() << "no"; }\n'}, "a skipped test proves nothing"),
    "cannot fail": ({"src/base/text_test.cc": "void F() { EXPECT_TRUE(true); }\n"}, "cannot fail"),
    "environment": ({"src/sqlite/database.cc": 'auto x = getenv("HOME");\n'}, "the environment is read by cli only"),
    "unfinished": ({"src/base/text.cc": "// TO" + "DO: later\n"}, "unfinished"),
    "machine path": ({"README.md": "# The house\n/home/" + "me/sluice\n"}, "no machine's path"),
    "no pragma": ({"src/base/text.h": "int Length();\n"}, "add '#pragma once'"),
    "two titles": ({"README.md": "# One\n\n# Two\n"}, "2 titles"),
    "dead link": ({"README.md": "# One\n[x](gone.md)\n"}, "link to gone.md"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_found(tmp_path, name):
    changes, expected = DAMAGE[name]
    found = findings(tmp_path, changes)
    assert any(expected in line for line in found), found


def test_strings_and_comments_are_not_code(tmp_path):
    text = '// class TextManager {\nconst char* x = "GTEST_SKIP( class XHelper {";\nint y = 1\'000;\n'
    assert findings(tmp_path, {"src/base/text_test.cc": text}) == []


def test_an_allowed_long_function_is_no_finding(tmp_path):
    changes = {"src/base/text.cc": body(75), "tools/ratchet.txt": "function src/base/text.cc:Long 75\n"}
    assert findings(tmp_path, changes) == []


def test_the_ratchet_only_shrinks(tmp_path):
    findings(tmp_path, {"src/base/text.cc": body(72), "tools/ratchet.txt": "function src/base/text.cc:Long 75\n"})
    subprocess.run([sys.executable, str(TIDY), "--root", str(tmp_path), "--ratchet"], check=True, capture_output=True)
    assert (tmp_path / "tools/ratchet.txt").read_text().splitlines()[-1] == "function src/base/text.cc:Long 72"
    assert findings(tmp_path) == ["src/base/text.cc:Long: is short enough now: run tools/tidy.py --ratchet"]
    subprocess.run([sys.executable, str(TIDY), "--root", str(tmp_path), "--ratchet"], check=True, capture_output=True)
    assert "Long" not in (tmp_path / "tools/ratchet.txt").read_text()


def test_an_entry_added_after_a_commit_is_a_finding(tmp_path):
    findings(tmp_path, {"tools/ratchet.txt": "# none\n"})
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    changes = {"src/base/text.cc": body(75), "tools/ratchet.txt": "function src/base/text.cc:Long 75\n"}
    assert any("new or larger than committed" in line for line in findings(tmp_path, changes))
