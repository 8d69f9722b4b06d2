"""Nuke's adapter over a fake of the names that types-nuke has: names and shapes of calls, not Nuke's behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from onepiece_core.scenes.read import read_scene
from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import Colour, FrameRange, Host, Resolution
from tests.hosts.contract import HostContract
from tests.hosts.stubs.fakes_nuke import Nuke
from tests.hosts.stubs.guard import installed

GOLDEN = Path(__file__).parents[1] / "golden" / "scenes"


@pytest.fixture
def nuke() -> Iterator[Nuke]:
    fake = Nuke()
    with installed(fake.modules(), "onepiece_hosts.nuke"):
        yield fake


@pytest.fixture
def host(nuke: Nuke) -> Host:
    from onepiece_hosts.nuke.adapter import NukeHost

    return NukeHost()


class TestContract(HostContract):
    @pytest.fixture(autouse=True)
    def _running(self, nuke: Nuke) -> None:
        self.nuke = nuke

    @pytest.fixture
    def host(self, nuke: Nuke) -> Host:
        from onepiece_hosts.nuke.adapter import NukeHost

        return NukeHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "wood.png"
        path.write_bytes(b"a picture")
        return path

    def use_picture(self, path: Path) -> None:
        self.nuke.script.add("Read", "Read1", file=path.as_posix())

    def use_sequence(self, first: Path) -> None:
        self.nuke.script.add("Read", "Read1", file=first.as_posix().replace("1001", "%04d"), first=1001, last=1002)

    def use_tiles(self, first: Path) -> None:
        self.nuke.script.add("Read", "Read1", file=first.as_posix().replace("1001", "<UDIM>"))

    def break_something(self) -> None:
        self.nuke.script.add("Blur", "Blur1")

    def idle(self) -> None:
        self.nuke.idle()


def used(host: Host) -> dict[str, tuple[str, str, bool | None]]:
    return {one.node: (one.path, one.kind, one.is_missing) for one in host.iter_files() if one}


def test_files_in_groups_are_told_and_what_is_written_is_not(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    (tmp_path / "plate.1001.exr").touch()
    group = nuke.script.add("Group", "Grade")
    nuke.script.add("Read", "Plate", group, file=f"{tmp_path}/plate.%04d.exr")
    nuke.script.add("OCIOFileTransform", "Look", file=f"{tmp_path}/look.####.cube")
    nuke.script.add("Write", "Out", file=f"{tmp_path}/out.%04d.exr")
    nuke.script.add("Read", "Empty")
    assert used(host) == {
        "Grade.Plate/file": (f"{tmp_path}/plate.%04d.exr", "sequence", False),
        "Look/file": (f"{tmp_path}/look.%04d.cube", "other", True),
    }


def test_relative_paths_start_at_the_project_directory(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    nuke.script.root.values["project_directory"] = tmp_path.as_posix()
    nuke.script.add("Read", "Plate", file="plates/../a.mov")
    assert used(host) == {"Plate/file": (f"{tmp_path}/a.mov", "movie", True)}


def test_a_custom_configuration_is_a_file_and_may_be_unknown(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    assert host.colour() == Colour(None, "linear", True)
    values = nuke.script.root.values
    values.update(colorManagement="OCIO", OCIO_config="aces_1.2", workingSpaceLUT="ACEScg")
    assert host.colour() == Colour("aces_1.2", "ACEScg", True)
    values.update(OCIO_config="custom", customOCIOConfigPath=f"{tmp_path}/config.ocio")
    assert host.colour() == Colour(f"{tmp_path}/config.ocio", "ACEScg", False)
    assert used(host) == {"root": (f"{tmp_path}/config.ocio", "other", True)}


def test_write_nodes_are_outputs_and_may_be_problems(nuke: Nuke, host: Host) -> None:
    nuke.script.add("Write", "Main", file="/out/a.%04d.exr")
    nuke.script.add("Write", "Review", file="/out/a.mov", use_limit=True, first=1001, last=1005, disable=True)
    nuke.script.add("Write", "Lost")
    host.actions()["frames.set_range"]([], {"first": 990, "last": 1010})
    assert [(one.id, one.kind, one.first, one.last, one.is_enabled) for one in host.outputs()] == [
        ("Main", "sequence", 990, 1010, True),
        ("Review", "movie", 1001, 1005, False),
    ]
    found = [(one.kind, one.node) for one in host.iter_problems() if one]
    assert found == [("missing_write_path", "Lost"), ("disabled_write", "Review")]
    host.actions()["nodes.enable"](["Review", "gone"], {})
    assert [one.is_enabled for one in host.outputs()] == [True, True]


def test_a_format_that_is_there_is_taken(nuke: Nuke, host: Host) -> None:
    host.actions()["scene.set_resolution"]([], {"width": 1920, "height": 1080})
    assert nuke.script.form.name == "HD_1080"
    before = len(nuke.formats)
    for _ in range(2):
        host.actions()["scene.set_resolution"]([], {"width": 100, "height": 50, "pixel_aspect": 2.0})
    assert host.resolution() == Resolution(100, 50, 2.0)
    assert len(nuke.formats) == before + 1


def test_selecting_a_file_selects_its_node_in_its_group(nuke: Nuke, host: Host) -> None:
    group = nuke.script.add("Group", "Grade")
    nuke.script.add("Read", "Plate", group, file="/a.exr")
    nuke.script.add("Blur", "Plate")
    host.actions()["select.nodes"](["Grade.Plate/file"], {})
    assert host.selection() == ["Grade.Plate"]


def test_files_beside_the_script_become_relative(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    with pytest.raises(HostError) as caught:
        host.actions()["files.make_relative"]([], {})
    assert caught.value.code == "host.unnamed_scene"
    nuke.script.root.values["project_directory"] = "/old"
    nuke.script.add("Read", "Near", file=f"{tmp_path}/plates/a.%04d.exr")
    nuke.script.add("Read", "Far", file="/elsewhere/a.exr")
    nuke.script.add("Read", "Old", file="b.exr")
    host.save_as((tmp_path / "a.nk").as_posix())
    before = used(host)
    host.actions()["files.make_relative"]([], {})
    assert used(host) == before
    assert [node.values["file"] for node in nuke.script.nodes] == [
        "plates/a.%04d.exr",
        "/elsewhere/a.exr",
        "/old/b.exr",
    ]


def test_a_thumbnail_is_as_wide_as_asked(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    host.thumbnail((tmp_path / "a.png").as_posix(), 320)
    assert (QImage(str(tmp_path / "a.png")).width(), QImage(str(tmp_path / "a.png")).height()) == (320, 180)
    nuke.has_viewer = False
    with pytest.raises(Unsupported):
        host.thumbnail((tmp_path / "b.png").as_posix(), 320)


def test_saving_is_told_when_it_is_over(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    path = (tmp_path / "a.nk").as_posix()
    seen: list[bool] = []
    host.on("saved", lambda: seen.append(Path(path).exists()))
    host.save_as(path)
    assert seen == []
    nuke.idle()
    assert seen == [True]


def test_opening_is_told_until_it_is_stopped(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    path = (tmp_path / "a.nk").as_posix()
    host.save_as(path)
    told: list[int] = []
    stop = host.on("opened", lambda: told.append(1))
    host.open_scene(path)
    stop()
    stop()
    host.open_scene(path)
    assert told == [1]


def test_what_the_fake_writes_the_core_reads(nuke: Nuke, host: Host, tmp_path: Path) -> None:
    group = nuke.script.add("Group", "Grade")
    nuke.script.add("Read", "Plate", group, file="/plates/my plate.%04d.exr")
    nuke.script.add("Write", "Out", file="/out/a.%04d.exr")
    host.actions()["frames.set_range"]([], {"first": 1001, "last": 1010})
    host.actions()["scene.set_fps"]([], {"fps": [24000, 1001]})
    host.save_as((tmp_path / "a.nk").as_posix())
    facts = read_scene(tmp_path / "a.nk")
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("16.0 v4", 1001, 1010, Fraction(24000, 1001))
    assert facts.references == ("/plates/my plate.%04d.exr",)
    host.open_scene((tmp_path / "a.nk").as_posix())
    assert list(used(host)) == ["Grade.Plate/file"]
    assert host.fps() == (24000, 1001)


def test_a_golden_script_is_opened(host: Host) -> None:
    host.open_scene((GOLDEN / "FG_ep010_sc02_0010_comp_v004.nk").as_posix())
    assert host.frame_range() == FrameRange(1001, 1024, 1001, 1024)
    assert host.resolution() == Resolution(2048, 858, 1.0)
    assert used(host)["Degrain.Plate1/file"][:2] == (
        "/shows/FG/ep010/sc02/0010/plate/FG_ep010_sc02_0010_plate_v001.%04d.exr",
        "sequence",
    )
    assert [(one.id, one.is_enabled) for one in host.outputs()] == [("Write1", True), ("Write2", False)]
