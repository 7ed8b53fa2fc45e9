"""The tarball runs in an empty directory with an empty environment."""

import subprocess

from conftest import ORDERS, make_shop
from program import ROOT, Sluice


def test_the_tarball_runs_anywhere(tmp_path):
    binary = Sluice(tmp_path).binary
    done = subprocess.run([ROOT / "tools/package.sh", binary, tmp_path / "made"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tarball,) = (tmp_path / "made").glob("sluice-*.tar.*")
    place = tmp_path / "empty"
    place.mkdir()
    subprocess.run(["tar", "xf", tarball, "-C", place, "--strip-components=1"], check=True)
    make_shop(place / "shop.db")

    def run(*words):
        return subprocess.run(["env", "-i", "bin/sluice", *words], capture_output=True, text=True, cwd=place, check=False)

    assert run("version").returncode == 0, run("version").stderr
    imported = run("import", "sqlite:///shop.db", "--table", "orders", "--to", "landing.orders")
    assert imported.returncode == 0, imported.stderr
    counted = run("sql", "select count(*) as n from landing.orders", "--output", "csv")
    assert counted.stdout == f"n\n{ORDERS}\n", counted.stderr
    libraries = subprocess.run(["ldd", "bin/sluice"], capture_output=True, text=True, cwd=place, check=True).stdout
    system = ("linux-vdso", "libc.so", "libm.so", "libpthread", "libdl", "librt", "libresolv", "ld-linux")
    for line in libraries.splitlines():
        assert str(place) in line or any(name in line for name in system), line
    assert (place / "share/doc/sluice/LICENSE").exists() and (place / "share/doc/sluice/NOTICE").exists()
    # What MySQL 8 and ed25519 accounts log in with, and everything it needs, is in the tarball too.
    for plugin in ("caching_sha2_password", "client_ed25519"):
        needs = subprocess.run(["ldd", f"lib/plugin/{plugin}.so"], capture_output=True, text=True, cwd=place, check=True).stdout
        for line in needs.splitlines():
            assert str(place) in line or any(name in line for name in system), line
