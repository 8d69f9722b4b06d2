"""Installs that are killed, meet read-only folders, or find their files edited: an uninstall still leaves no trace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from onepiece_core.dcc import DCCS, get_dcc
from onepiece_core.dcc.install import apply_uninstall, plan_uninstall
from onepiece_core.dcc.install_record import RECORD
from onepiece_core.errors import DestinationReadOnly
from tests.core.test_dcc_install import User, tree
from tests.support.permissions import run_as_nobody

ROOT = Path(__file__).parents[2]
HOSTS = [dcc.name for dcc in DCCS]


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path / "home")


def small_sources(folder: Path) -> None:
    """The shape of our packages with hardly anything in them."""
    for host in HOSTS:
        (folder / "hosts" / host / "startup").mkdir(parents=True)
        (folder / "hosts" / host / "startup" / "start.py").write_text("x = 1\n")
    (folder / "hosts/host.py").write_text("x = 1\n")
    (folder / "hosts/blender/startup/onepiece_startup.py").write_text("x = 1\n")
    (folder / "shelves").mkdir()
    (folder / "shelves/tools.json").write_text("{}")


def killed_everywhere(host: str, folder: Path, step: int) -> None:
    small_sources(folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.installs_killed", host, str(folder), str(step)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told) == 3
    for battery in told.values():
        assert battery["places"] > 45 / step
        assert battery["left"] == {}


@pytest.mark.parametrize(("host", "step"), [("nuke", 7), ("blender", 11)])
def test_an_install_killed_anywhere_is_finished_or_taken_away_by_the_next(host: str, step: int, tmp_path: Path):
    killed_everywhere(host, tmp_path, step)


@pytest.mark.torture
@pytest.mark.parametrize("host", HOSTS)
def test_an_install_killed_before_every_single_change_leaves_no_trace(host: str, tmp_path: Path):
    killed_everywhere(host, tmp_path, 1)


@pytest.mark.parametrize("scope", ["user", "path"])
@pytest.mark.parametrize("host", HOSTS)
def test_both_scopes_leave_the_home_as_it_was(user: User, host: str, scope: str):
    (user.home / ".nuke").mkdir()
    (user.home / ".nuke/init.py").write_bytes(b"import mine")
    before = tree(user.home)
    user.install(host, scope=scope)
    assert tree(user.home) != before
    user.uninstall(host)
    assert tree(user.home) == before


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("maya", "maya/modules/onepiece.mod"),
        ("houdini", "houdini20.5/packages/onepiece.json"),
        ("blender", ".config/blender/3.4/scripts/addons/onepiece/__init__.py"),
        ("blender", ".config/blender/4.2/scripts/startup/onepiece_startup.py"),
    ],
)
def test_a_file_of_ours_that_the_user_has_edited_is_kept_for_them(user: User, host: str, path: str):
    user.install(host)
    file = user.home / path
    edited = file.read_bytes() + b"# mine\n"
    file.write_bytes(edited)
    plan = plan_uninstall(get_dcc(host), root=user.root)
    assert [str(file) in one and f"{file.name}.edited" in one for one in plan.cautions] == [True]
    apply_uninstall(plan)
    kept = {name: data for name, data in tree(user.home).items() if data is not None}
    assert kept == {f"{path}.edited": edited}


def test_an_edited_file_makes_place_for_the_new_one_and_is_kept(user: User):
    user.install("maya")
    file = user.home / "maya/modules/onepiece.mod"
    sound = file.read_bytes()
    for name in ("onepiece.mod.edited", "onepiece.mod.edited2"):
        file.write_bytes(f"{name}\n".encode())
        plan = user.install("maya")
        assert name in plan.cautions[0]
        assert file.read_bytes() == sound
        assert file.with_name(name).read_bytes() == f"{name}\n".encode()
    assert user.plan("maya").is_done


def test_a_new_version_takes_the_place_of_the_old_one_without_a_word(user: User):
    from dataclasses import replace

    user.install("maya")
    user.sources = replace(user.sources, version="1.3.0")
    assert user.install("maya").cautions == ()
    user.uninstall("maya")
    assert tree(user.home) == {}


def test_a_record_of_before_digests_were_kept_is_taken_for_unchanged(user: User):
    user.install("maya")
    record = json.loads((user.root / RECORD).read_text())
    for entry in record["entries"]:
        del entry["digests"]
    (user.root / RECORD).write_text(json.dumps(record))
    user.uninstall("maya")
    assert tree(user.home) == {}


def test_lines_added_to_nukes_init_between_two_installs_stay(user: User):
    init = user.home / ".nuke/init.py"
    init.parent.mkdir()
    init.write_bytes(b"first = 1\n")
    user.install("nuke")
    init.write_bytes(init.read_bytes() + b"second = 1\n")
    user.install("nuke")
    user.uninstall("nuke")
    assert init.read_bytes() == b"first = 1\nsecond = 1\n"


def test_a_file_that_somebody_has_taken_away_is_no_trouble(user: User):
    user.install("houdini")
    (user.home / "houdini20.5/packages/onepiece.json").unlink()
    user.uninstall("houdini")
    assert tree(user.home) == {}


@pytest.mark.parametrize("host", ["maya", "nuke"])
def test_a_read_only_folder_stops_an_uninstall_with_an_error_and_a_second_try_ends_it(host: str):
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        home.chmod(0o777)
        small_sources(home / "sources")
        script = (
            "import os, sys\n"
            "from pathlib import Path\n"
            "from onepiece_core.dcc import Machine, get_dcc\n"
            "from onepiece_core.dcc.install import apply_install, apply_uninstall, plan_install, plan_uninstall\n"
            "from onepiece_core.dcc.layout import HostSources, user_root\n"
            "from onepiece_core.errors import OnePieceError\n"
            f"home = Path({name!r})\n"
            "machine = Machine({'HOME': str(home)}, 'linux')\n"
            "root, own = user_root(machine), {'maya': 'maya/modules', 'nuke': '.nuke'}"
            f"[{host!r}]\n"
            "sources = HostSources(home / 'sources/hosts', home / 'sources/shelves', None, ('x',), '1')\n"
            f"dcc = get_dcc({host!r})\n"
            "apply_install(plan_install(dcc, sources, machine, root=root))\n"
            "(home / own).chmod(0o500)\n"
            "try: apply_uninstall(plan_uninstall(dcc, root=root))\n"
            "except OnePieceError as error: print(error.code)\n"
            "(home / own).chmod(0o700)\n"
            "apply_uninstall(plan_uninstall(dcc, root=root))\n"
            "print(sorted(p.relative_to(home).as_posix() for p in home.rglob('*') if 'sources' not in p.parts))\n"
        )
        code, left = run_as_nobody(script).strip().splitlines()
        assert code == DestinationReadOnly.code
        assert left == "[]"
