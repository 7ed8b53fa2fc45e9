"""Killed at any moment: the source's rows exactly once, or the state before; nothing referenced is missing."""

import shutil
import signal

import pytest

import lakes
from program import OK, Sluice, failpoint_passes, files_below

ROWS = 600
ARGUMENTS = ["sqlite:///shop.db", "--table", "orders", "--where", f"id <= {ROWS}", "--to", "landing.orders",
             "--chunk-rows-min", "100", "--parallel", "1", "--writers", "1", "--batch-rows", "60"]
POINTS_MIN = 12


def moments(passes):
    """First, middle and last pass of every failpoint."""
    for name, count in sorted(passes.items()):
        for number in sorted({1, (count + 1) // 2, count}):
            yield name, number


class Matrix:
    """A state before, and the same import killed at one moment after another."""

    def __init__(self, folder, make_before, mode):
        self.folder, self.mode = folder, mode
        self.before = folder / "before"
        self.before.mkdir(parents=True)
        make_before(Sluice(self.before))
        self.number = 0

    def fresh(self):
        """A copy of the state before, at the same place each time: paths in the lake are absolute."""
        place = self.folder / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.before, place)
        return Sluice(place)

    def run(self, sluice, failpoints, code=None):
        return sluice.run("import", *ARGUMENTS, "--mode", self.mode, env={"SLUICE_FAILPOINTS": failpoints}, code=code)

    def moments(self):
        passes = failpoint_passes(self.run(self.fresh(), "trace", OK).err)
        assert len(passes) >= POINTS_MIN, f"the import passes only {sorted(passes)}"
        return list(moments(passes))


def ids(sluice):
    """What PyIceberg sees; an empty list for a lake or table that is not there (yet)."""
    if not (sluice.lake / "catalog.db").exists():
        return []
    catalog = lakes.catalog(sluice.lake)
    if not catalog.table_exists("landing.orders"):
        return []
    return sorted(catalog.load_table("landing.orders").scan().to_arrow()["id"].to_pylist())


def check_every_moment(matrix, allowed, after_rerun):
    trouble = []
    for name, number in matrix.moments():
        sluice = matrix.fresh()
        killed = matrix.run(sluice, f"{name}=crash@{number}")
        found = ids(sluice)
        lost = lakes.missing_files(sluice.lake) if found else []
        again = matrix.run(sluice, "")
        rerun = ids(sluice)
        listed = sluice.run("gc", "--older-than", "0s", "--json")
        removed = sluice.run("gc", "--older-than", "0s", "--remove", "--json")
        problems = [
            (killed.code != -signal.SIGKILL, f"not killed but ended with {killed.code}"),
            (found not in allowed, f"{len(found)} rows after the kill"),
            (lost != [], f"referenced files are missing: {lost[:3]}"),
            (again.code != OK, f"the next run ended with {again.code}: {again.err[-500:]}"),
            (rerun != after_rerun(found), f"{len(rerun)} rows after the next run"),
            (listed.code != OK or removed.code != OK, f"gc ended with {listed.code} and {removed.code}: {removed.err[-500:]}"),
        ]
        if removed.code == OK and listed.code == OK:
            problems += [
                ([f["path"] for f in listed.json()["files"]] != [f["path"] for f in removed.json()["files"]], "gc lists and removes different files"),
                (lakes.orphans(sluice.lake) != [], f"orphans are left: {lakes.orphans(sluice.lake)[:3]}"),
                (lakes.missing_files(sluice.lake) != [], "gc removed a referenced file"),
                (ids(sluice) != rerun, "gc changed the rows"),
            ]
        trouble += [f"{name} pass {number}: {text}" for bad, text in problems if bad]
    assert not trouble, "\n".join(trouble)


ALL = list(range(1, ROWS + 1))


@pytest.fixture
def make_shop_in():
    from conftest import make_shop

    return lambda sluice: make_shop(sluice.home / "shop.db")


def test_first_import_into_no_lake(tmp_path, make_shop_in):
    matrix = Matrix(tmp_path, make_shop_in, "append")
    check_every_moment(matrix, allowed=[[], ALL], after_rerun=lambda found: sorted(found + ALL))


def seeded(make_shop_in):
    def make(sluice):
        make_shop_in(sluice)
        sluice.import_("sqlite:///shop.db", "--table", "orders", "--where", "id > 1000", "--to", "landing.orders")
    return make


SEED = list(range(1001, 1201))


def test_append(tmp_path, make_shop_in):
    # The lake is made at its final place: its paths are absolute.
    matrix = in_place(tmp_path, make_shop_in, "append")
    check_every_moment(matrix, allowed=[SEED, ALL + SEED], after_rerun=lambda found: sorted(found + ALL))


def test_overwrite(tmp_path, make_shop_in):
    matrix = in_place(tmp_path, make_shop_in, "overwrite")
    check_every_moment(matrix, allowed=[SEED, ALL], after_rerun=lambda found: ALL)


def in_place(folder, make_shop_in, mode):
    """A matrix whose state before was made at the place where it is used."""
    place = Sluice(make_directory(folder / "place"))
    seeded(make_shop_in)(place)
    return Matrix(folder, lambda before: shutil.copytree(place.home, before.home, dirs_exist_ok=True), mode)


def make_directory(path):
    path.mkdir(parents=True)
    return path


def test_directory_of_files(tmp_path, make_shop_in):
    """With _SUCCESS a directory has the old files, all of them, or the new ones; without it never some of both."""
    import pyarrow.parquet

    from program import failpoint_passes as parse

    home = make_directory(tmp_path / "home")
    sluice = Sluice(home)
    make_shop_in(sluice)
    arguments = [a for a in ARGUMENTS if a not in ("--to", "landing.orders")] + ["--to", "./out/orders", "--mode", "overwrite"]
    seed = ["import", "sqlite:///shop.db", "--table", "orders", "--where", "id > 1000", "--to", "./out/orders", "--mode", "overwrite"]

    def visible():
        paths = [p for p in sorted((home / "out/orders").rglob("*.parquet")) if not any(part.startswith((".", "_")) for part in p.relative_to(home).parts)]
        return sorted(pyarrow.parquet.read_table(paths)["id"].to_pylist()) if paths else []

    passes = parse(sluice.run("import", *arguments, env={"SLUICE_FAILPOINTS": "trace"}, code=OK).err)
    trouble = []
    for name, number in moments(passes):
        shutil.rmtree(home / "out")
        sluice.run(*seed, code=OK)
        killed = sluice.run("import", *arguments, env={"SLUICE_FAILPOINTS": f"{name}=crash@{number}"})
        found, listed = visible(), files_below(home / "out")
        again = sluice.run("import", *arguments)
        if killed.code != -signal.SIGKILL:
            trouble.append(f"{name} pass {number}: ended with {killed.code}")
        complete = "orders/_SUCCESS" in listed
        if found not in (SEED, ALL) and (complete or set(found) & set(SEED) and set(found) & set(ALL)):
            trouble.append(f"{name} pass {number}: {len(found)} rows visible: {listed}")
        if again.code != OK or visible() != ALL:
            trouble.append(f"{name} pass {number}: next run {again.code}, {len(visible())} rows: {again.err[-300:]}")
    assert not trouble, "\n".join(trouble)


def test_an_error_at_any_moment_is_reported_and_changes_nothing(tmp_path, make_shop_in):
    matrix = in_place(tmp_path, make_shop_in, "append")
    trouble = []
    for name, number in matrix.moments():
        sluice = matrix.fresh()
        failed = matrix.run(sluice, f"{name}=error@{number}")
        found = ids(sluice)
        allowed = [SEED] if failed.code != OK else [SEED + ALL, ALL + SEED]
        if name.startswith("commit.") or "commit" in name or "catalog" in name:
            allowed = [SEED, ALL + SEED]  # after the swap the rows are in, whatever is said about it
        if found not in allowed:
            trouble.append(f"{name} pass {number}: exit {failed.code}, {len(found)} rows")
        if failed.code not in (OK, 1, 75):
            trouble.append(f"{name} pass {number}: exit {failed.code}: {failed.err[-300:]}")
        if failed.code != OK and len([l for l in failed.err.splitlines() if l.startswith("sluice: ")]) != 1:
            trouble.append(f"{name} pass {number}: not one message: {failed.err[-600:]}")
        if failed.code == OK and found == SEED:
            trouble.append(f"{name} pass {number}: success was said, the rows are not there")
        if lakes.missing_files(sluice.lake):
            trouble.append(f"{name} pass {number}: a referenced file was deleted")
    assert not trouble, "\n".join(trouble)
