#!/usr/bin/env python3
"""Runs the tests of one build and prints one table.

  tools/run_tests.py --label dev                         every test program, then tests/tools and tests/e2e (pytest)
  tools/run_tests.py --label asan --units                test programs only
  tools/run_tests.py --label tsan --units --match 'pipeline|transfer'
  tools/run_tests.py --sum dev asan tsan                 adds up earlier runs: the last line of .ci/run

Results are in build/test-results/LABEL/: one log and one JUnit file per program, and sums.json. A test that was skipped
counts as failed: it proved nothing. The last line is `N passed, N failed`; the exit code is 1 when anything failed.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "test-results"
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    # Prebuilt libraries are not instrumented: their own locking is invisible to the thread sanitizer.
    "TSAN_OPTIONS": "ignore_noninstrumented_modules=1:halt_on_error=1",
}


@dataclasses.dataclass
class Outcome:
    name: str
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    failures: list = dataclasses.field(default_factory=list)


def read_junit(path, name, seconds):
    """Counts test cases. A missing or broken file is the caller's to notice."""
    outcome = Outcome(name, seconds=seconds)
    for case in ElementTree.parse(path).iter("testcase"):
        title = f"{case.get('classname')}.{case.get('name')}"
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        not_run = case.get("status") == "notrun" or case.get("result") == "skipped"
        if bad or not_run:
            outcome.failed += 1
            outcome.failures.append(title + (" (skipped)" if not_run or bad[0].tag == "skipped" else ""))
        else:
            outcome.passed += 1
    return outcome


def run_logged(command, log, env, limit, live=False):
    """Runs one command in its own process group, kills the group when the limit is over."""
    begun = time.monotonic()
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, stdout=None if live else out, stderr=subprocess.STDOUT, env=env, cwd=ROOT, start_new_session=True
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = f"timeout after {limit} s"
    return code, time.monotonic() - begun


def run_program(program, folder, env, limit):
    name = program.name
    xml = folder / f"{name}.xml"
    xml.unlink(missing_ok=True)
    log = folder / f"{name}.log"
    code, seconds = run_logged([str(program), f"--gtest_output=xml:{xml}"], log, env, limit)
    try:
        outcome = read_junit(xml, name, seconds)
    except (OSError, ElementTree.ParseError):
        outcome = Outcome(name, seconds=seconds)
    if code != 0 and outcome.failed == 0:
        outcome.failed = 1
        outcome.failures.append(f"the program ended with {code}")
    if outcome.passed + outcome.failed == 0:
        outcome.failed = 1
        outcome.failures.append("no test ran")
    return outcome


def run_pytest(suite, folder, env, limit):
    """Its output goes to the terminal as it comes; it is the long part."""
    name = str(suite.relative_to(ROOT))
    xml = folder / f"{suite.name}.xml"
    xml.unlink(missing_ok=True)
    python = ROOT / "deps" / "venv" / "bin" / "python"
    command = [str(python), "-m", "pytest", str(suite), "-q", "--tb=short", "--color=no", "--durations=8",
               "-p", "no:cacheprovider", f"--junitxml={xml}"]
    code, seconds = run_logged(command, folder / f"{suite.name}.log", env, limit, live=True)
    try:
        outcome = read_junit(xml, name, seconds)
    except (OSError, ElementTree.ParseError):
        outcome = Outcome(name, seconds=seconds)
    if code != 0 and outcome.failed == 0:
        outcome.failed = 1
        outcome.failures.append(f"pytest ended with {code}")
    return outcome


def tail(path, lines=40):
    try:
        return path.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return []


def report(outcome, folder):
    print(f"  {outcome.name:<44} {outcome.passed:>6} passed {outcome.failed:>4} failed {outcome.seconds:>8.1f} s", flush=True)
    for failure in outcome.failures[:20]:
        print(f"      failed: {failure}")
    if outcome.failed:
        failure_lines = [l for l in tail(folder / f"{outcome.name}.log", 4000)
                         if re.search(r"Failure|ERROR: |runtime error|WARNING: Thread|Which|Actual|Expected", l)]
        for line in (failure_lines or tail(folder / f"{outcome.name}.log"))[:40]:
            print(f"      | {line[:200]}")


def find_programs(label, match):
    found = sorted((ROOT / "build" / label / "src").rglob("sluice_*_test"))
    return [p for p in found if os.access(p, os.X_OK) and p.is_file() and re.search(match, p.name)]


def expected_programs():
    """Every room that lists TESTS must have its program: a test that is not built is not a passed test."""
    rooms = []
    for path in sorted((ROOT / "src").rglob("CMakeLists.txt")):
        text = path.read_text()
        room = re.search(r"sluice_room\(\s*NAME\s+(\S+)", text)
        if room and re.search(r"^\s*TESTS\s", text, re.M):
            rooms.append("sluice_" + room.group(1).replace("/", "_") + "_test")
    return rooms


def run_label(args):
    folder = RESULTS / args.label
    folder.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, **SANITIZERS)
    outcomes = []
    begun = time.monotonic()
    if not args.pytest:
        programs = find_programs(args.label, args.match)
        missing = {n for n in expected_programs() if re.search(args.match, n)} - {p.name for p in programs}
        outcomes += [Outcome(n, failed=1, failures=["not built"]) for n in sorted(missing)]
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            jobs = [pool.submit(run_program, p, folder, env, args.limit) for p in programs]
            for job in concurrent.futures.as_completed(jobs):
                outcomes.append(job.result())
                report(outcomes[-1], folder)
    if not args.units:
        env["SLUICE"] = str(ROOT / "build" / args.label / "sluice")
        for suite in (ROOT / "tests" / "tools", ROOT / "tests" / "e2e"):
            outcomes.append(run_pytest(suite, folder, env, 3600))
            report(outcomes[-1], folder)
    sums = {
        "label": args.label,
        "passed": sum(o.passed for o in outcomes),
        "failed": sum(o.failed for o in outcomes),
        "seconds": round(time.monotonic() - begun, 1),
        "programs": [dataclasses.asdict(o) for o in outcomes],
    }
    (folder / "sums.json").write_text(json.dumps(sums, indent=1))
    return sums


def print_sums(all_sums):
    print()
    for sums in all_sums:
        built = ROOT / "build" / sums["label"] / "build.seconds"
        build = f"{built.read_text().strip():>6} s build" if built.exists() else " " * 14
        print(f"  {sums['label']:<10} {sums['passed']:>6} passed {sums['failed']:>4} failed {build} {sums['seconds']:>8.1f} s tests")
        for program in sums["programs"]:
            for failure in program["failures"][:5]:
                print(f"      failed: {program['name']}: {failure}")
    passed, failed = (sum(s[k] for s in all_sums) for k in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--label", help="the preset whose build is tested")
    parser.add_argument("--units", action="store_true", help="test programs only")
    parser.add_argument("--pytest", action="store_true", help="pytest suites only")
    parser.add_argument("--match", default="", help="regular expression on program names")
    parser.add_argument("--jobs", type=int, default=2, help="programs at the same time")
    parser.add_argument("--limit", type=int, default=900, help="seconds per program")
    parser.add_argument("--sum", nargs="+", metavar="LABEL", help="add up earlier runs")
    args = parser.parse_args()
    if args.sum:
        all_sums = []
        for label in args.sum:
            path = RESULTS / label / "sums.json"
            if path.exists():
                all_sums.append(json.loads(path.read_text()))
            else:
                lost = [{"name": label, "failures": ["did not run"]}]
                all_sums.append({"label": label, "passed": 0, "failed": 1, "seconds": 0.0, "programs": lost})
        return print_sums(all_sums)
    if not args.label:
        parser.error("say which build: --label dev")
    return print_sums([run_label(args)])


if __name__ == "__main__":
    sys.exit(main())
