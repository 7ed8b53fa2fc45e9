"""The program under test, run as users run it."""

import dataclasses
import decimal
import json
import os
import pathlib
import re
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What architecture and `docs/guides/import.md` promise.
OK, FAILED, USAGE, SOME_FAILED, DATA_CHECK, AUTH, CONFLICT, TEMPORARY = 0, 1, 2, 3, 4, 5, 6, 75


@dataclasses.dataclass
class Result:
    words: list
    code: int
    out: str
    err: str
    seconds: float

    def json(self):
        """The answer of --json: exactly one object on exactly one line."""
        assert self.out.count("\n") == 1 and self.out.endswith("\n"), f"not one line of JSON: {self.out[:2000]!r}"
        answer = json.loads(self.out, parse_float=decimal.Decimal)
        assert isinstance(answer, dict)
        assert answer["exit_code"] == self.code, answer
        assert answer["ok"] == (self.code == 0), answer
        return answer

    def explain(self):
        return f"{' '.join(map(str, self.words))}\nexit code {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


class Sluice:
    """One lake and one home; every call is a process of its own."""

    def __init__(self, home, lake=None, binary=None):
        self.home = pathlib.Path(home)
        self.lake = pathlib.Path(lake or self.home / "lake")
        self.binary = pathlib.Path(binary or os.environ.get("SLUICE") or ROOT / "build" / "dev" / "sluice")
        assert self.binary.exists(), f"{self.binary} is not built: make dev"

    def environment(self, more=None):
        base = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LANG": "C.UTF-8", "SLUICE_LAKE": str(self.lake)}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                base[name] = os.environ[name]
        return {**base, **(more or {})}

    def run(self, *words, code=None, env=None, stdin="", timeout=300, cwd=None, prefix=(), **more):
        command = [*prefix, str(self.binary), *map(str, words)]
        begun = time.monotonic()
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=self.environment(env), timeout=timeout,
            cwd=cwd or self.home, check=False, **more)
        result = Result(list(words), done.returncode, done.stdout, done.stderr, time.monotonic() - begun)
        if code is not None:
            assert result.code == code, result.explain()
        return result

    def import_(self, *words, code=OK, **more):
        """An import whose report is the JSON object."""
        result = self.run("import", *words, "--json", code=code, **more)
        return result.json()

    def sql(self, text, code=OK, **more):
        """The rows of one statement, as dictionaries; numbers with a point are Decimal."""
        result = self.run("sql", text, "--output", "json", code=code, **more)
        return json.loads(result.out, parse_float=decimal.Decimal) if result.out.strip() else []

    def value(self, text):
        """The only value of the only row."""
        (row,) = self.sql(text)
        (value,) = row.values()
        return value

    def start(self, *words, env=None, **more):
        """Starts and does not wait; stderr is read by Running.wait_for."""
        return Running(subprocess.Popen(
            [str(self.binary), *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=self.environment(env), cwd=self.home, **more), list(words))


class Running:
    def __init__(self, process, words):
        self.process, self.words, self.lines, self.begun = process, words, [], time.monotonic()

    def wait_for(self, pattern):
        """Reads stderr up to the first line that matches; its match is the answer."""
        for line in self.process.stderr:
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found
        raise AssertionError(f"ended with {self.process.wait()} before {pattern!r}:\n{''.join(self.lines)[-3000:]}")

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def finish(self, timeout=120):
        out, err = self.process.communicate(timeout=timeout)
        return Result(self.words, self.process.returncode, out, "".join(self.lines) + err, time.monotonic() - self.begun)


def failpoint_passes(stderr):
    """name -> passes, of a run with SLUICE_FAILPOINTS=trace."""
    passes = {}
    for name, count in re.findall(r"^failpoint (\S+) pass (\d+)$", stderr, re.M):
        passes[name] = max(passes.get(name, 0), int(count))
    return passes


def files_below(directory):
    """Every file, as paths relative to the directory."""
    directory = pathlib.Path(directory)
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())
