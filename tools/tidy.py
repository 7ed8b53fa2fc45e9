#!/usr/bin/env python3
"""Checks what no compiler checks: that the house keeps its shape. Every finding says where and what to do.

  tools/tidy.py                    every check; exit code 1 when there is a finding
  tools/tidy.py rooms names        only these checks
  tools/tidy.py --ratchet          write lower numbers into tools/ratchet.txt where files became shorter
  tools/tidy.py --list             the names of the checks
"""

import argparse
import collections
import functools
import os
import pathlib
import re
import subprocess
import sys

FILE_LINES, TEST_LINES = 600, 900
FUNCTION_LINES, TEST_FUNCTION_LINES = 70, 100
README_LINES = 20
SOURCE = (".cc", ".h")
BANNED_SUFFIX = "Manager|Helper|Helpers|Util|Utils|Common|Context|Data|Impl2"
BANNED_FILE = re.compile(r"(^|_)(manager|helpers?|utils?|common|context|misc|impl2)(_test|_internal)?\.(cc|h|py)$")


class Tree:
    """The files of the project, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    @functools.cached_property
    def files(self):
        """Paths relative to the root: tracked, or new and not ignored."""
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-co", "--exclude-standard", "-z"]
            names = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
        else:
            names = [str(p.relative_to(self.root)) for p in self.root.rglob("*")]
        return sorted(n for n in names if n and (self.root / n).is_file())

    @functools.lru_cache(maxsize=None)
    def text(self, name):
        try:
            return (self.root / name).read_text()
        except (UnicodeDecodeError, OSError):
            return ""

    @functools.cached_property
    def sources(self):
        return [f for f in self.files if f.startswith(("src/", "benchmarks/", "tests/")) and f.endswith(SOURCE)]

    @functools.cached_property
    def edges(self):
        """room -> rooms it may include, and (pattern, rooms) for foreign headers, of tools/rooms.txt."""
        rooms, foreign = {}, []
        for line in self.text("tools/rooms.txt").splitlines():
            line = line.split("#")[0].strip()
            if not line:
                continue
            name, _, rest = line.partition(":")
            if name.startswith("foreign "):
                foreign.append((name.split()[1], set(rest.split())))
            else:
                rooms[name.strip()] = set(rest.split())
        return rooms, foreign

    def room_of(self, path_below_src):
        """The room of "formats/parquet/reader.h", or None."""
        rooms = self.edges[0]
        folder = os.path.dirname(path_below_src)
        while folder and folder not in rooms:
            folder = os.path.dirname(folder)
        return folder or None

    @functools.lru_cache(maxsize=None)
    def declared(self, room):
        """What the room's CMakeLists.txt says: keyword -> words."""
        text = re.sub(r"#.*", "", self.text(f"src/{room}/CMakeLists.txt"))
        call = re.search(r"sluice_room\((.*?)\)", text, re.S)
        words, keyword = collections.defaultdict(list), None
        for word in (call.group(1) if call else "").split():
            if re.fullmatch(r"NAME|PCH|SOURCES|HEADERS|TESTS|ROOMS|DEPS|TEST_ROOMS|TEST_DEPS", word):
                keyword = word
            else:
                words[keyword].append(word)
        return words


def is_test(path):
    return path.endswith(("_test.cc", "_test.h")) or path.startswith("tests/") or "_conformance" in path


def code_only(text):
    """Comments and the inside of strings become blanks; line breaks stay."""
    pattern = r'R"([^\s()\\]{0,16})\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''

    def blank(match):
        found = match.group(0)
        return re.sub(r"[^\n]", " ", found) if found[0] != '"' and found[0] != "R" else '"' + "\n" * found.count("\n") + '"'

    # A digit separator (1'000) is not a character literal.
    return re.sub(pattern, blank, re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text))


# ---- the rooms ---------------------------------------------------------------------------------------------


def check_rooms(tree):
    """Includes follow the edges of tools/rooms.txt, and so does every sluice_room()."""
    rooms, _ = tree.edges
    for room in sorted({os.path.dirname(f)[4:] for f in tree.files if re.fullmatch(r"src/.+/CMakeLists\.txt", f)}):
        if room not in rooms:
            yield f"src/{room}: tools/rooms.txt does not know this room: add a line with the rooms it may include"
            continue
        for word in tree.declared(room)["ROOMS"]:
            if word not in rooms[room]:
                yield f"src/{room}/CMakeLists.txt: ROOMS has {word}, tools/rooms.txt does not allow {room} -> {word}: remove it"
    for path in tree.sources:
        room = tree.room_of(path[4:]) if path.startswith("src/") else None
        if room is None:
            if path.startswith("src/"):
                yield f"{path}: lies in no room of tools/rooms.txt: move it or add the room"
            continue
        declared = tree.declared(room)
        named = set(declared["ROOMS"]) | (set(declared["TEST_ROOMS"]) if is_test(path) else set())
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            include = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not include or include.group(1).startswith("testing/"):
                continue
            other = tree.room_of(include.group(1))
            if other is None:
                yield f'{path}:{number}: "{include.group(1)}" is in no room: write includes from src/, foreign ones in <>'
            elif other == room:
                continue
            elif other not in rooms[room] and not (is_test(path) and other in declared["TEST_ROOMS"]):
                yield f"{path}:{number}: {room} may not include {other}: move the code, or argue for the edge in tools/rooms.txt"
            elif declared["NAME"] and other not in named:
                yield f"{path}:{number}: includes {other}: name it in ROOMS of src/{room}/CMakeLists.txt"


def check_cycles(tree):
    """The edges themselves have no cycle: includes go downward only."""
    rooms, _ = tree.edges
    state = {}

    def visit(room, trail):
        if state.get(room) == 2:
            return None
        if state.get(room) == 1:
            return trail[trail.index(room):] + [room]
        state[room] = 1
        for other in sorted(rooms.get(room, ())):
            if other not in rooms:
                return [room, f"{other} (not a room)"]
            found = visit(other, trail + [room])
            if found:
                return found
        state[room] = 2
        return None

    for room in rooms:
        found = visit(room, [])
        if found:
            yield "tools/rooms.txt: " + " -> ".join(found) + ": remove an edge"
            return


def check_foreign(tree):
    """Foreign headers stay in the rooms that fence them."""
    _, foreign = tree.edges
    for path in tree.sources:
        room = tree.room_of(path[4:]) if path.startswith("src/") else None
        if room is None:
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            include = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            for pattern, allowed in foreign if include else ():
                if include.group(1).startswith(pattern) and room not in allowed:
                    yield (f"{path}:{number}: <{include.group(1)}> belongs to {', '.join(sorted(allowed))}: "
                           "use that room's own header")


def check_listed(tree):
    """Every source file is in its room's CMakeLists.txt and every listed file exists."""
    rooms, _ = tree.edges
    for room in rooms:
        base = f"src/{room}/"
        declared = tree.declared(room)
        if base + "CMakeLists.txt" not in tree.files:
            if any(f.startswith(base) and f.endswith(".cc") for f in tree.files):
                yield f"{base}CMakeLists.txt: missing: add one sluice_room(NAME {room} ...) call"
            continue
        if declared["NAME"] != [room]:
            if room != "cli":
                yield f"{base}CMakeLists.txt: call sluice_room(NAME {room} ...)"
            continue
        text = tree.text(base + "CMakeLists.txt")
        listed = {base + w for kind in ("SOURCES", "HEADERS", "TESTS", "PCH") for w in declared[kind]}
        present = {f for f in tree.files if f.startswith(base) and f.endswith(SOURCE) and tree.room_of(f[4:]) == room}
        for path in sorted(present - listed):
            if not re.search(r"(?<![\w/])" + re.escape(path[len(base):]) + r"(?!\w)", text):
                yield f"{path}: not in {base}CMakeLists.txt: list it in SOURCES, HEADERS or TESTS"
        for path in sorted(listed - set(tree.files)):
            yield f"{base}CMakeLists.txt: lists {path[len(base):]}, which does not exist: remove it"


def check_readmes(tree):
    """A README per room: title, at most 20 lines."""
    for path in [f for f in tree.files if re.fullmatch(r"src/.+/CMakeLists\.txt", f)]:
        room = os.path.dirname(path)[4:]
        readme = f"src/{room}/README.md"
        lines = tree.text(readme).splitlines()
        if not lines:
            yield f"{readme}: missing: what lives here, what does not, where to start reading"
        elif lines[0] != f"# {room}":
            yield f"{readme}:1: begin with the title '# {room}'"
        elif len(lines) > README_LINES:
            yield f"{readme}: {len(lines)} lines, at most {README_LINES}: the rest belongs in header comments or docs/"


# ---- sizes: a ratchet ----------------------------------------------------------------------------------------


def functions(text):
    """(name, first line, lines) of every outermost function body, found by braces."""
    stack, statement, line, outer = [], "", 1, None
    control = r"\b(if|for|while|switch|catch|do|else|namespace|class|struct|enum|union|extern)\b[^;{}]*$"
    for char in re.sub(r"(?m)^\s*#.*(?:\\\n.*)*$", "", code_only(text)):
        if char == "\n":
            line += 1
            statement += " "
        elif char == "{":
            head = statement.strip()
            call = re.search(r"([\w:~]+|operator\S+)\s*\([^{}]*\)[^{}()]*(\([^{}]*\)[^{}]*)?$", head)
            body = outer is None and bool(call) and not re.match(control, head) and "=" not in head.split("(")[0]
            if body:
                outer = (len(stack), call.group(1), line)
            stack.append(char)
            statement = ""
        elif char == "}":
            if stack:
                stack.pop()
            if outer and len(stack) == outer[0]:
                yield outer[1], outer[2], line - outer[2] + 1
                outer = None
            statement = ""
        elif char == ";":
            statement = ""
        else:
            statement += char


def sizes(tree):
    """What is longer than its limit: key -> lines."""
    found = {}
    for path in tree.sources + [f for f in tree.files if f.endswith((".py", ".sh"))]:
        text, test = tree.text(path), is_test(path)
        count = text.count("\n")
        if count > (TEST_LINES if test else FILE_LINES):
            found[f"file {path}"] = count
        for name, _, lines in functions(text) if path.endswith(SOURCE) else ():
            if lines > (TEST_FUNCTION_LINES if test else FUNCTION_LINES):
                key = f"function {path}:{name}"
                found[key] = max(lines, found.get(key, 0))
    return found


def parse_ratchet(text):
    entries = [line.rsplit(" ", 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {key: int(lines) for key, lines in entries}


def ratchet_before(tree):
    """The list as it was committed before, newest first; empty without history."""
    def git(*words):
        run = subprocess.run(["git", "-C", str(tree.root), *words], capture_output=True, text=True, check=False)
        return run.stdout if run.returncode == 0 else ""

    commits = git("log", "-2", "--format=%H", "--", "tools/ratchet.txt").split()
    return [parse_ratchet(git("show", f"{c}:tools/ratchet.txt")) for c in commits]


def check_sizes(tree):
    """Files and functions fit; tools/ratchet.txt lists the exceptions and may only shrink."""
    allowed, found = parse_ratchet(tree.text("tools/ratchet.txt")), sizes(tree)
    for key, lines in sorted(found.items()):
        kind, where = key.split(" ", 1)
        if key not in allowed:
            limit = {"file": (FILE_LINES, TEST_LINES), "function": (FUNCTION_LINES, TEST_FUNCTION_LINES)}[kind]
            yield f"{where}: {lines} lines, a {kind} has at most {limit[is_test(where.split(':')[0])]}: split it by idea"
        elif lines > allowed[key]:
            yield f"{where}: grew from {allowed[key]} to {lines} lines: tools/ratchet.txt may only shrink, split it"
        elif lines < allowed[key]:
            yield f"{where}: {lines} lines, the ratchet still allows {allowed[key]}: run tools/tidy.py --ratchet"
    for key in sorted(set(allowed) - set(found)):
        yield f"{key.split(' ', 1)[1]}: is short enough now: run tools/tidy.py --ratchet"
    versions = [allowed] + ratchet_before(tree)
    for newer, older in zip(versions, versions[1:]):
        for key in sorted(k for k in newer if k not in older or newer[k] > older[k]):
            yield f"tools/ratchet.txt: '{key} {newer[key]}' is new or larger than committed before: the list may only shrink"


def write_ratchet(tree):
    """Lowers numbers and drops lines; never adds one, except to a list that does not exist yet."""
    found = sizes(tree)
    path = tree.root / "tools" / "ratchet.txt"
    old = parse_ratchet(tree.text("tools/ratchet.txt")) if path.exists() else dict(found)
    kept = {k: min(v, found[k]) for k, v in old.items() if k in found}
    head = ("# Files and functions longer than their limit, and their lines. This list may only shrink: tools/tidy.py\n"
            "# fails when an entry grows or is added, and when one became shorter than is written here.\n")
    path.write_text(head + "".join(f"{k} {v}\n" for k, v in sorted(kept.items())))
    print(f"tools/ratchet.txt: {len(kept)} entries")


# ---- words ---------------------------------------------------------------------------------------------------


def check_names(tree):
    """Names that say nothing are not used for types and files."""
    declaration = re.compile(rf"\b(class|struct|union|enum class)\s+(\w*(?:{BANNED_SUFFIX}))\b(?!\s*;)")
    for path in tree.sources:
        for number, line in enumerate(code_only(tree.text(path)).splitlines(), 1):
            for match in declaration.finditer(line):
                yield f"{path}:{number}: {match.group(2)} names no idea: say what it is or does"
    for path in tree.files:
        if path.startswith(("src/", "tools/", "tests/", "benchmarks/")) and BANNED_FILE.search(os.path.basename(path)):
            yield f"{path}: a file is named after its idea: not manager, helper, util, common, context, misc"


def check_calls(tree):
    """Calls that make tests lie, and calls that belong to one room."""
    in_tests = [
        (r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(|(?<![\w.])sleep\s*\(", "waits by the clock: wait for the event, or use the fake clock"),
        (r"\bGTEST_SKIP\b|\bDISABLED_", "a skipped test proves nothing: make it run or remove it"),
        (r"\b(EXPECT|ASSERT)_(TRUE\s*\(\s*true|FALSE\s*\(\s*false)\s*\)|\bSUCCEED\s*\(", "cannot fail: check something"),
    ]
    everywhere = [
        (r"\b(srand|rand)\s*\(|std::random_device", r"src/base/", "chance is injected: take a sluice::Random"),
        (r"(?<![\w])(?:std::)?(?:secure_)?getenv\s*\(", r"src/(cli|base)/", "the environment is read by cli only: pass the value in"),
        (r"\bstd::exit\s*\(|(?<![\w:.])_?exit\s*\(", r"src/(cli|base)/", "only cli ends the program: return a Status"),
        (r"\busing namespace\b", r"never", "write the name out"),
    ]
    for path in tree.sources:
        for number, line in enumerate(code_only(tree.text(path)).splitlines(), 1):
            if is_test(path):
                for pattern, advice in in_tests:
                    if re.search(pattern, line):
                        yield f"{path}:{number}: {line.strip()[:60]}: {advice}"
            elif path.startswith("src/"):
                for pattern, allowed, advice in everywhere:
                    if re.search(pattern, line) and not re.match(allowed, path):
                        yield f"{path}:{number}: {line.strip()[:60]}: {advice}"
    for path in [f for f in tree.files if f.startswith("tests/") and f.endswith(".py")]:
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if re.search(r"\btime\.sleep\(", line) and os.path.basename(path) != "waiting.py":
                yield f"{path}:{number}: waits by the clock: use waiting.wait_until with the event"
            if re.search(r"pytest\.(skip|xfail|importorskip)\(|mark\.(skip|xfail)", line):
                yield f"{path}:{number}: a skipped test proves nothing: make it run or remove it"


def check_text(tree):
    """No unfinished marks, no paths of one machine, no names of package hosts, no stray blanks."""
    hosts = re.compile(r"/(?:work|root|home/\w+)/|https?://[a-z0-9.-]*(?:pypi|npm|maven|crates|golang|debian)|pythonhosted"
                       r"|\b(?:pypi|npmjs|maven|crates)\.(?:org|com|io|apache)|\b(?:deb\.debian|proxy\.golang)")
    for path in tree.files:
        if path == "tools/tidy.py" or path.startswith("LICENSE"):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if hosts.search(line):
                yield f"{path}:{number}: '{hosts.search(line).group(0)}': write no machine's path and no package host"
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line) and path.startswith(("src/", "tools/", "tests/", "benchmarks/")):
                yield f"{path}:{number}: unfinished: finish it, or say in docs/ what is not supported"
            if line != line.rstrip() and path.endswith((".md", ".py", ".sh", ".txt", ".cc", ".h", ".sql")):
                yield f"{path}:{number}: blanks at the end of the line: remove them"
    for path in tree.sources:
        if path.endswith(".h") and "#pragma once" not in tree.text(path):
            yield f"{path}: add '#pragma once'"


# ---- documents -----------------------------------------------------------------------------------------------


def check_pages(tree):
    """Every page has one title, and its links lead somewhere."""
    for path in [f for f in tree.files if f.endswith(".md")]:
        text = re.sub(r"(?m)^```(?:.|\n)*?^```", lambda m: "\n" * m.group(0).count("\n"), tree.text(path))
        titles = [n for n, line in enumerate(text.splitlines(), 1) if line.startswith("# ")]
        if len(titles) != 1 or not text.lstrip().startswith("# "):
            yield f"{path}: {len(titles)} titles: begin with one '# ' line and use '## ' below it"
        for match in re.finditer(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text):
            target = match.group(1)
            if "://" in target or target.startswith("mailto:"):
                continue
            if not (tree.root / os.path.dirname(path) / target).exists():
                yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: link to {target}, which does not exist"


def check_generated(tree):
    """docs/reference/cli.md is what the built program prints."""
    page = "docs/reference/cli.md"
    binaries = [tree.root / "build" / preset / "sluice" for preset in ("dev", "release")]
    binaries = sorted((b for b in binaries if b.exists()), key=lambda b: b.stat().st_mtime)
    if not binaries:
        return
    run = subprocess.run([str(binaries[-1]), "docs"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        yield f"{page}: `sluice docs` ended with {run.returncode}: {run.stderr.strip()[:200]}"
    elif run.stdout != tree.text(page):
        yield f"{page}: is not what `sluice docs` prints: run 'make docs' and commit the page"


def check_format(tree):
    """clang-format-14 would change nothing."""
    paths = [str(tree.root / f) for f in tree.sources]
    jobs = [paths[i::2] for i in range(2)]
    try:
        running = [subprocess.Popen(["clang-format-14", "--dry-run", "-Werror", *job], stderr=subprocess.PIPE, text=True)
                   for job in jobs if job]
    except FileNotFoundError:
        yield "clang-format-14 is not installed: run tools/deps.sh"
        return
    bad = set()
    for process in running:
        _, output = process.communicate()
        bad |= {match.group(1) for match in re.finditer(r"^(.+?):\d+:\d+: error", output, re.M)}
    for path in sorted(bad):
        yield f"{os.path.relpath(path, tree.root)}: not formatted: run 'make format'"


CHECKS = {name[len("check_"):]: function for name, function in list(globals().items()) if name.startswith("check_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checks", nargs="*", metavar="CHECK")
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--ratchet", action="store_true")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    unknown = set(args.checks) - set(CHECKS)
    if unknown:
        parser.error(f"no such check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    tree = Tree(args.root)
    if args.list:
        for name, function in CHECKS.items():
            print(f"{name:<10} {function.__doc__.splitlines()[0]}")
        return 0
    if args.ratchet:
        write_ratchet(tree)
        return 0
    findings = [f for name in args.checks or CHECKS for f in CHECKS[name](tree)]
    print("".join(f"{f}\n" for f in findings), end="")
    print(f"tidy: {len(tree.files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
