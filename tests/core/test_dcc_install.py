"""OnePiece put into a DCC and taken out again: what is written, what is kept, what goes."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from onepiece_core.config import HostsSettings, Settings
from onepiece_core.dcc import DCCS, Machine, get_dcc
from onepiece_core.dcc.hooks import with_block, without_block
from onepiece_core.dcc.host_environment import host_environment
from onepiece_core.dcc.install import (
    InstallPlan,
    apply_install,
    apply_uninstall,
    plan_install,
    plan_uninstall,
)
from onepiece_core.dcc.install_record import RECORD
from onepiece_core.dcc.layout import HostSources, find_hosts_folder, list_versions, user_root
from onepiece_core.errors import DestinationReadOnly, HostFilesMissing, InstallFailed
from tests.support.permissions import run_as_nobody

ROOT = Path(__file__).parents[2]
VERSIONS = {"maya": (), "nuke": (), "houdini": ("20.5.445", "21.0"), "blender": ("3.4.1", "4.2.0")}

Tree = Mapping[str, bytes | None]


def tree(folder: Path) -> Tree:
    """Every folder (None) and file below ``folder``, byte for byte."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")
    }


class User:
    """One user's folders on one machine."""

    def __init__(self, home: Path, platform: str = "linux", **environ: str) -> None:
        self.home = home
        home.mkdir()
        self.machine = Machine({"HOME": str(home), "USERPROFILE": str(home), **environ}, platform, home)
        self.root = user_root(self.machine)
        qt = home.parent / "Qt.py"
        qt.write_text("# Qt\n")
        self.sources = HostSources(
            hosts=ROOT / "hosts/onepiece_hosts",
            shelves=ROOT / "shelves/onepiece_shelves",
            qt=qt,
            worker=("/opt/onepiece/bin/onepiece", "worker"),
            version="1.2.0",
            generated={"houdini/MainMenuCommon.xml": "<mainMenu/>"},
        )

    def plan(self, host: str, **more: object) -> InstallPlan:
        given = {"root": self.root, "host_versions": VERSIONS[host], **more}
        return plan_install(get_dcc(host), self.sources, self.machine, **given)  # type: ignore[arg-type]

    def install(self, host: str, **more: object) -> InstallPlan:
        plan = self.plan(host, **more)
        apply_install(plan)
        return plan

    def uninstall(self, host: str) -> None:
        apply_uninstall(plan_uninstall(get_dcc(host), root=self.root))


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path / "home")


def test_the_folder_holds_what_a_host_needs(user: User):
    folder = user.install("maya").folder
    assert folder == user.home / ".local/share/onepiece/hosts/1.2.0"
    told = json.loads((folder / "install.json").read_text())
    assert told["schema"] == "onepiece.hosts.1"
    assert told["version"] == "1.2.0"
    assert told["worker"] == ["/opt/onepiece/bin/onepiece", "worker"]
    assert set(told) == {"schema", "version", "worker", "shelves", "created_at"}
    for name in ("onepiece_hosts/worker.py", "onepiece_hosts/protocol.json", "onepiece_shelves/tools.json", "Qt.py"):
        assert (folder / "python" / name).is_file()
    assert (folder / "houdini/MainMenuCommon.xml").read_text() == "<mainMenu/>"
    assert (folder / "blender/scripts/addons/onepiece/__init__.py").is_file()
    assert (folder / "blender/extensions/user_default/onepiece/blender_manifest.toml").is_file()
    assert not list(folder.rglob("__pycache__"))
    assert not list(folder.rglob("*.part"))


def test_the_hosts_find_the_folder_that_was_laid_out(user: User, monkeypatch: pytest.MonkeyPatch):
    from onepiece_hosts.installation import find_installation

    folder = user.install("nuke").folder
    found = find_installation(str(folder / "python" / "onepiece_hosts" / "installation.py"))
    assert (found.folder, found.version, found.worker) == (folder.as_posix(), "1.2.0", user.sources.worker)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("host", [dcc.name for dcc in DCCS])
def test_an_uninstall_leaves_no_trace_and_touches_nothing_else(tmp_path: Path, platform: str, host: str):
    user = User(tmp_path / "home", platform)
    (user.home / ".nuke").mkdir()
    (user.home / ".nuke/menu.py").write_text("import mine\n")
    (user.home / ".config/blender/3.4/scripts/addons/mine").mkdir(parents=True)
    (user.home / ".config/blender/3.4/scripts/addons/mine/__init__.py").write_text("x = 1\n")
    before = tree(user.home)

    plan = user.install(host)
    assert len(plan.hooks) == {"maya": 1, "nuke": 1, "houdini": 2}.get(host, len(plan.hooks))
    assert all(hook.path.is_file() for hook in plan.hooks)
    assert user.plan(host).is_done
    user.uninstall(host)

    assert tree(user.home) == before
    assert plan_uninstall(get_dcc(host), root=user.root).is_done


@pytest.mark.parametrize(
    ("host", "platform", "files"),
    [
        ("maya", "linux", ["maya/modules/onepiece.mod"]),
        ("maya", "darwin", ["Library/Preferences/Autodesk/maya/modules/onepiece.mod"]),
        ("maya", "win32", ["Documents/maya/modules/onepiece.mod"]),
        ("nuke", "linux", [".nuke/init.py"]),
        ("houdini", "linux", ["houdini20.5/packages/onepiece.json", "houdini21.0/packages/onepiece.json"]),
        ("houdini", "darwin", ["Library/Preferences/houdini/20.5/packages/onepiece.json"]),
        ("houdini", "win32", ["Documents/houdini20.5/packages/onepiece.json"]),
        ("blender", "linux", [".config/blender/3.4/scripts/startup/onepiece_startup.py"]),
        ("blender", "darwin", ["Library/Application Support/Blender/4.2/scripts/addons/onepiece/__init__.py"]),
        ("blender", "win32", ["AppData/Roaming/Blender Foundation/Blender/3.4/scripts/addons/onepiece/__init__.py"]),
    ],
)
def test_each_host_is_hooked_up_where_it_looks(tmp_path: Path, host: str, platform: str, files: list[str]):
    user = User(tmp_path / "home", platform)
    paths = {hook.path.relative_to(user.home).as_posix() for hook in user.plan(host).hooks}
    assert set(files) <= paths


def test_variables_of_the_hosts_move_their_folders(tmp_path: Path):
    told = {
        "MAYA_APP_DIR": str(tmp_path / "maya-prefs"),
        "HOUDINI_USER_PREF_DIR": str(tmp_path / "prefs__HVER__"),
        "BLENDER_USER_SCRIPTS": str(tmp_path / "scripts"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    user = User(tmp_path / "home", **told)
    assert user.root == tmp_path / "data/onepiece/hosts"
    assert user.plan("maya").hooks[0].path == tmp_path / "maya-prefs/modules/onepiece.mod"
    assert user.plan("houdini").hooks[0].path == tmp_path / "prefs20.5/packages/onepiece.json"
    assert {hook.path.parts[len(tmp_path.parts)] for hook in user.plan("blender").hooks} == {"scripts"}


def test_the_hook_ups_name_the_folder(tmp_path: Path):
    user = User(tmp_path / "it's a höme")
    folder = user.install("maya").folder.as_posix()
    module = (user.home / "maya/modules/onepiece.mod").read_text(encoding="utf-8")
    assert f"+ onepiece 1.2.0 {folder}/maya\n" in module
    user.install("houdini")
    package = json.loads((user.home / "houdini20.5/packages/onepiece.json").read_text(encoding="utf-8"))
    assert f"{folder}/houdini" in json.dumps(package, ensure_ascii=False)
    assert "$HOUDINI_PACKAGE_PATH" not in json.dumps(package)
    user.install("blender")
    addon = user.home / ".config/blender/3.4/scripts/addons/onepiece"
    assert (addon / "installation.txt").read_text(encoding="utf-8") == f"{folder}\n"


USERS_OWN = {
    "plain": b"import nuke\nnuke.pluginAddPath('./gizmos')\n",
    "no line end": b"import nuke",
    "windows": b"import nuke\r\nx = 1\r\n",
    "windows, no line end": b"import nuke\r\nx = 1",
    "no UTF-8": b"# caf\xe9\nimport nuke\n",
    "blank lines": b"\n\n\n",
    "empty": b"",
}


@pytest.mark.parametrize("own", USERS_OWN.values(), ids=USERS_OWN.keys())
def test_a_nuke_init_of_the_users_keeps_every_byte(user: User, own: bytes):
    init = user.home / ".nuke/init.py"
    init.parent.mkdir()
    init.write_bytes(own)
    init.chmod(0o640)
    user.install("nuke")
    assert init.read_bytes().startswith(own)
    assert init.read_bytes() != own
    assert user.plan("nuke").is_done
    user.uninstall("nuke")
    assert init.read_bytes() == own
    assert init.stat().st_mode & 0o777 == 0o640


def test_what_the_user_adds_around_our_lines_stays(user: User):
    user.install("nuke")
    init = user.home / ".nuke/init.py"
    init.write_bytes(b"before = 1\n" + init.read_bytes() + b"after = 1\n")
    assert user.plan("nuke").is_done
    user.uninstall("nuke")
    assert init.read_bytes() == b"before = 1\nafter = 1\n"


def test_a_link_to_a_shared_init_stays_a_link(user: User, tmp_path: Path):
    (tmp_path / "shared.py").write_bytes(b"x = 1\n")
    (user.home / ".nuke").mkdir()
    init = user.home / ".nuke/init.py"
    init.symlink_to(tmp_path / "shared.py")
    user.install("nuke")
    assert init.is_symlink()
    assert b"OnePiece" in (tmp_path / "shared.py").read_bytes()
    user.uninstall("nuke")
    assert init.is_symlink()
    assert (tmp_path / "shared.py").read_bytes() == b"x = 1\n"


def test_our_lines_are_exchanged_where_they_stand():
    one = with_block(b"a = 1\n", "old") + b"b = 2\n"
    two = with_block(one, "new\nlines")
    assert two.index(b"new\nlines") < two.index(b"b = 2")
    assert b"old" not in two
    assert with_block(two, "new\nlines") == two
    assert without_block(two) == b"a = 1\nb = 2\n"


def test_the_lines_in_nukes_init_add_the_folder_once_and_never_stop_nuke(
    user: User, capsys: pytest.CaptureFixture[str]
):
    import types

    folder = user.install("nuke").folder.as_posix()
    code = compile((user.home / ".nuke/init.py").read_bytes(), "init.py", "exec")
    paths: list[str] = []
    nuke = types.ModuleType("nuke")
    nuke.pluginPath = lambda: paths  # type: ignore[attr-defined]
    nuke.pluginAddPath = paths.append  # type: ignore[attr-defined]
    exec(code, {})  # without a module nuke: one line, and on
    assert "OnePiece could not start" in capsys.readouterr().out
    sys.modules["nuke"] = nuke
    try:
        exec(code, {})
        exec(code, {})
    finally:
        del sys.modules["nuke"]
    assert paths == [f"{folder}/nuke"]


def test_somebody_elses_file_is_never_written_over(user: User):
    other = user.home / "maya/modules/onepiece.mod"
    other.parent.mkdir(parents=True)
    other.write_text("+ onepiece 9 /elsewhere\n")
    before = tree(user.home)
    with pytest.raises(InstallFailed) as caught:
        user.install("maya")
    assert str(other) in caught.value.report.message
    assert tree(user.home) == before


def test_a_new_version_is_laid_out_beside_the_old_one_and_taken_by_the_hook_ups(user: User):
    user.install("maya")
    user.sources = replace(user.sources, version="1.10.0")
    plan = user.install("maya")
    assert list_versions(user.root) == ["1.10.0", "1.2.0"]
    assert f"{plan.folder.as_posix()}/maya" in (user.home / "maya/modules/onepiece.mod").read_text()
    user.uninstall("maya")
    assert tree(user.home) == {}


def test_a_damaged_folder_is_laid_out_again_as_a_whole(user: User):
    folder = user.install("maya").folder
    sound = tree(folder)
    (folder / "python/onepiece_hosts/worker.py").write_text("broken")
    (folder / "python/onepiece_hosts/extra.py").write_text("left over")
    plan = user.install("maya")
    assert plan.files is not None
    assert plan.hooks == ()
    assert {name: data for name, data in tree(folder).items() if name != "install.json"} == {
        name: data for name, data in sound.items() if name != "install.json"
    }
    assert sorted(path.name for path in user.root.iterdir()) == ["1.2.0", RECORD]


def test_what_a_host_has_compiled_is_no_damage_and_goes_with_us(user: User):
    user.install("blender")
    scripts = user.home / ".config/blender/3.4/scripts"
    for folder in (scripts / "startup", scripts / "addons/onepiece", user.root / "1.2.0/python/onepiece_hosts"):
        (folder / "__pycache__").mkdir()
    (scripts / "startup/__pycache__/onepiece_startup.cpython-311.pyc").write_bytes(b"x")
    (scripts / "addons/onepiece/__pycache__/boot.cpython-311.pyc").write_bytes(b"x")
    (user.root / "1.2.0/python/onepiece_hosts/__pycache__/host.cpython-311.pyc").write_bytes(b"x")
    assert user.plan("blender").is_done
    user.uninstall("blender")
    assert tree(user.home) == {}


def test_the_folder_stays_for_as_long_as_a_host_uses_it(user: User):
    user.install("maya")
    user.install("nuke")
    user.install("houdini", scope="path")
    assert user.plan("maya").is_done
    user.uninstall("nuke")
    user.uninstall("maya")
    assert list_versions(user.root) == ["1.2.0"]
    assert not (user.home / "maya").exists()
    user.uninstall("houdini")
    assert tree(user.home) == {}


def test_scope_path_hooks_nothing_up(user: User):
    plan = user.install("nuke", scope="path")
    assert plan.hooks == ()
    assert {path.name for path in user.home.iterdir()} == {".local"}


def test_a_killed_install_is_finished_by_the_next_and_cleaned_by_an_uninstall(user: User):
    plan = user.plan("blender")
    apply_install(replace(plan, hooks=plan.hooks[:2]))  # as if it had been killed after two files
    (user.root / ".1.2.0.999999999.part").mkdir()
    again = user.plan("blender")
    assert again.hooks == plan.hooks[2:]
    apply_install(again)
    assert user.plan("blender").is_done
    user.uninstall("blender")
    assert tree(user.home) == {}


def test_a_dry_run_changes_nothing_and_tells_all(user: User):
    before = tree(user.home)
    told = user.plan("houdini").as_json()
    assert tree(user.home) == before
    assert told["is_done"] is False
    assert told["writes"] == [str(user.home / f"houdini{v}/packages/onepiece.json") for v in ("20.5", "21.0")]


def test_without_qt_the_panels_are_missed_aloud(user: User):
    user.sources = replace(user.sources, qt=None)
    plan = user.install("maya")
    assert "[panels]" in plan.cautions[0]
    assert not (plan.folder / "python/Qt.py").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "onepiece.installed.9"}', "\0"])
def test_a_damaged_record_is_told_and_nothing_is_changed(user: User, text: str):
    user.install("maya")
    (user.root / RECORD).write_text(text)
    before = tree(user.home)
    with pytest.raises(InstallFailed, match=RECORD):
        user.plan("maya")
    with pytest.raises(InstallFailed, match=RECORD):
        user.uninstall("maya")
    assert tree(user.home) == before


def test_a_folder_that_cannot_be_written_is_a_typed_error():
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        told = run_as_nobody(
            "from pathlib import Path\n"
            "from onepiece_core.dcc import Machine, get_dcc\n"
            "from onepiece_core.dcc.install import plan_install, apply_install\n"
            "from onepiece_core.dcc.layout import HostSources, user_root\n"
            "from onepiece_core.errors import OnePieceError\n"
            f"machine = Machine({{'HOME': {home!r}}}, 'linux')\n"
            f"sources = HostSources(Path({home!r}), Path({home!r}), None, ('x',), '1')\n"
            "plan = plan_install(get_dcc('maya'), sources, machine, root=user_root(machine))\n"
            "try: apply_install(plan)\n"
            "except OnePieceError as error: print(error.code)\n"
        )
        assert told.strip() == DestinationReadOnly.code
        assert os.listdir(home) == []


# The version that is in force.


def settings_of(**hosts: object) -> Settings:
    return Settings(hosts=HostsSettings(**hosts))  # type: ignore[arg-type]


def lay_out_centrally(user: User, folder: Path, *versions: str) -> Path:
    for version in versions:
        user.sources = replace(user.sources, version=version)
        user.install("maya", scope="path", root=folder)
    return folder


def test_without_an_installation_no_host_gets_a_variable(user: User, tmp_path: Path):
    for dcc in DCCS:
        assert host_environment(dcc, settings_of(), tmp_path / "state", user.machine) == {}


@pytest.mark.parametrize(
    ("host", "variable", "below"),
    [
        ("maya", "MAYA_MODULE_PATH", "maya"),
        ("nuke", "NUKE_PATH", "nuke"),
        ("houdini", "HOUDINI_PACKAGE_DIR", "houdini"),
        ("blender", "BLENDER_USER_SCRIPTS", "blender/scripts"),
    ],
)
def test_a_host_gets_our_folder_and_nothing_of_our_python(
    user: User, tmp_path: Path, host: str, variable: str, below: str
):
    folder = user.install("maya", scope="path").folder
    shelves = [tmp_path / "studio.json", tmp_path / "show.json"]
    told = host_environment(get_dcc(host), settings_of(shelves=shelves), tmp_path / "state", user.machine)
    assert told == {
        "ONEPIECE_HOSTS": folder.as_posix(),
        "ONEPIECE_STATE_DIR": str(tmp_path / "state"),
        "ONEPIECE_SHELVES": os.pathsep.join(map(str, shelves)),
        variable: str(folder / below),
    }
    assert not any(sys.prefix in value for value in told.values())


def test_blender_keeps_the_artists_own_add_ons(user: User, tmp_path: Path):
    folder = user.install("maya", scope="path").folder
    mine = user.home / ".config/blender/3.4/scripts/addons/mine.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("x = 1\n")
    blender = get_dcc("blender")
    assert host_environment(blender, settings_of(), tmp_path, user.machine) == {}
    user.install("blender")
    told = host_environment(blender, settings_of(), tmp_path, user.machine)
    assert told == {"ONEPIECE_HOSTS": folder.as_posix(), "ONEPIECE_STATE_DIR": str(tmp_path)}


def test_a_project_pins_a_version_of_the_studios_and_finds_its_way_back(user: User, tmp_path: Path):
    central = lay_out_centrally(user, tmp_path / "central", "1.2.0", "1.9.0", "1.10.0")
    pinned = settings_of(central=central, version="1.2.0")
    assert find_hosts_folder(pinned, user.machine, "1.9.0") == central / "1.2.0"
    assert find_hosts_folder(settings_of(central=central), user.machine, "1.9.0") == central / "1.9.0"
    assert find_hosts_folder(settings_of(central=central), user.machine, "3.0.0") == central / "1.10.0"
    told = host_environment(get_dcc("maya"), pinned, tmp_path, user.machine)
    assert told["MAYA_MODULE_PATH"] == str(central / "1.2.0" / "maya")


def test_a_pinned_version_that_is_gone_is_told_with_those_that_are_there(user: User, tmp_path: Path):
    central = lay_out_centrally(user, tmp_path / "central", "1.2.0", "1.9.0")
    with pytest.raises(HostFilesMissing) as caught:
        find_hosts_folder(settings_of(central=central, version="0.9.0"), user.machine, "1.9.0")
    assert "0.9.0" in caught.value.report.message
    assert "1.9.0, 1.2.0" in str(caught.value.report.hint)
    with pytest.raises(HostFilesMissing):
        find_hosts_folder(settings_of(central=tmp_path / "nowhere"), user.machine, "1.9.0")
    with pytest.raises(HostFilesMissing):
        find_hosts_folder(settings_of(version="7.0"), user.machine, "1.9.0")


def test_a_central_copy_is_hooked_up_and_never_written_to(user: User, tmp_path: Path):
    central = lay_out_centrally(user, tmp_path / "central", "1.2.0")
    before = tree(central)
    plan = user.install("maya", central=central / "1.2.0")
    assert plan.files is None
    assert f"{central.as_posix()}/1.2.0/maya" in (user.home / "maya/modules/onepiece.mod").read_text()
    assert user.plan("maya", central=central / "1.2.0").is_done
    user.uninstall("maya")
    assert tree(user.home) == {}
    assert tree(central) == before
    with pytest.raises(HostFilesMissing):
        user.plan("maya", central=tmp_path / "nowhere")
