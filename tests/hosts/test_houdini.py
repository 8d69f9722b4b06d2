"""Houdini's adapter over a fake of the names that types-houdini has: shapes of calls, not Houdini's behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from onepiece_core.scenes.read import read_scene
from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.host import FrameRange, Host
from tests.hosts.contract import HostContract
from tests.hosts.stubs.fakes_hou import Houdini
from tests.hosts.stubs.guard import installed


@pytest.fixture
def houdini() -> Iterator[Houdini]:
    fake = Houdini()
    with installed(fake.modules(), "onepiece_hosts.houdini"):
        yield fake


@pytest.fixture
def host(houdini: Houdini) -> Host:
    from onepiece_hosts.houdini.adapter import HoudiniHost

    return HoudiniHost()


class TestContract(HostContract):
    @pytest.fixture(autouse=True)
    def _running(self, houdini: Houdini) -> None:
        self.houdini = houdini

    @pytest.fixture
    def host(self, houdini: Houdini) -> Host:
        from onepiece_hosts.houdini.adapter import HoudiniHost

        return HoudiniHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "wood.png"
        path.write_bytes(b"a picture")
        return path

    def use_picture(self, path: Path) -> None:
        self.houdini.hip.add("studio::rig::1.0", "/obj/rig1", skin=path.as_posix())

    def give_resolution(self) -> None:
        self.houdini.hip.add("cam", "/obj/cam1")

    def use_sequence(self, first: Path) -> None:
        self.houdini.hip.add("studio::rig::1.0", "/obj/rig1", skin=first.as_posix().replace("1001", "$F4"))

    def use_tiles(self, first: Path) -> None:
        self.houdini.hip.add("studio::rig::1.0", "/obj/rig1", skin=first.as_posix().replace("1001", "<UDIM>"))

    def break_something(self) -> None:
        self.houdini.hip.add("geo", "/obj/geo1")

    def idle(self) -> None:
        self.houdini.idle()


def used(host: Host) -> dict[str, tuple[str, str, bool | None]]:
    return {one.node: (one.path, one.kind, one.is_missing) for one in host.iter_files() if one}


def test_variables_are_resolved_and_frames_become_patterns(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    (tmp_path / "sim.0007.bgeo.sc").touch()
    host.save_as((tmp_path / "a.hip").as_posix())
    houdini.hip.add("geo", "/obj/geo1")
    houdini.hip.add("file", "/obj/geo1/a", file="$HIP/sim.$F4.bgeo.sc")
    houdini.hip.add("file", "/obj/geo1/b", file="$HIP/tex.${F}.exr")
    houdini.hip.add("file", "/obj/geo1/c", file="$HIP/tex.<UDIM>.rat")
    houdini.hip.add("file", "/obj/geo1/d", file="op:/obj/geo1/a")
    houdini.hip.add("file", "/obj/geo1/e", file="$HFS/houdini/geo/pig.bgeo")
    assert used(host) == {
        "/obj/geo1/a/file": (f"{tmp_path}/sim.%04d.bgeo.sc", "cache", False),
        "/obj/geo1/b/file": (f"{tmp_path}/tex.%d.exr", "sequence", True),
        "/obj/geo1/c/file": (f"{tmp_path}/tex.<UDIM>.rat", "udim", True),
    }
    written = {one.node: one.written for one in host.iter_files() if one}
    assert written["/obj/geo1/a/file"] == "$HIP/sim.$F4.bgeo.sc"


def test_what_is_written_is_an_output_and_no_file_that_is_used(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    host.save_as((tmp_path / "a.hip").as_posix())
    houdini.hip.add("cam", "/obj/shotcam")
    houdini.hip.add("cam", "/obj/other")
    houdini.hip.add("ifd", "/out/beauty", vm_picture="$HIP/r.$F4.exr", camera="/obj/shotcam", f1=1001, f2=1010)
    houdini.hip.add("ifd", "/out/view")
    houdini.hip.add("geo", "/obj/geo1")
    houdini.hip.add("filecache::2.0", "/obj/geo1/cache").is_bypassed = True
    houdini.hip.add("geometry", "/out/model", sopoutput="$HIP/model.bgeo.sc")
    assert [(one.id, one.path, one.kind, one.first, one.last, one.is_enabled) for one in host.outputs()] == [
        ("/out/beauty", f"{tmp_path}/r.%04d.exr", "sequence", 1001, 1010, True),
        ("/out/model", f"{tmp_path}/model.bgeo.sc", "cache", 1, 1, True),
        ("/obj/geo1/cache", f"{tmp_path}/geo/cache.%04d.bgeo.sc", "cache", 1, 10, False),
    ]
    assert used(host) == {}
    assert {one.label: one.is_renderable for one in host.cameras()} == {"shotcam": True, "other": False}


def test_assets_that_are_not_here_are_problems(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    library = tmp_path / "rig.hda"
    houdini.hip.add("studio::rig::1.0", "/obj/gone").warnings = ("Warning: incomplete asset definition",)
    houdini.hip.add("studio::rig::1.0", "/obj/moved").library = library.as_posix()
    houdini.hip.add("geo", "/obj/moved/inside").is_locked_inside = True
    found = [(one.kind, one.node, one.context["path"]) for one in host.iter_problems() if one]
    assert sorted(found) == [("missing_hda", "/obj/gone", ""), ("missing_hda", "/obj/moved", library.as_posix())]
    assert used(host)[library.as_posix()] == (library.as_posix(), "library", True)
    library.touch()
    assert [one.node for one in host.iter_problems() if one] == ["/obj/gone"]


def test_a_scene_that_loads_with_warnings_is_open(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    path = (tmp_path / "a.hip").as_posix()
    host.save_as(path)
    houdini.load_warning = "Unknown assets"
    host.open_scene(path)
    assert host.scene_path() == path


@pytest.mark.parametrize(("licence", "usual"), [("Indie", ".hiplc"), ("Apprentice", ".hipnc"), ("Commercial", ".hip")])
def test_the_licence_says_what_scenes_are_called(licence: str, usual: str) -> None:
    with installed(Houdini(licence=licence).modules(), "onepiece_hosts.houdini"):
        from onepiece_hosts.houdini.adapter import HoudiniHost

        assert HoudiniHost().extensions[0] == usual
        assert len(set(HoudiniHost().extensions)) == 3


def test_a_scene_that_got_another_name_was_not_saved(tmp_path: Path) -> None:
    with installed(Houdini(licence="Apprentice").modules(), "onepiece_hosts.houdini"):
        from onepiece_hosts.houdini.adapter import HoudiniHost

        with pytest.raises(HostError) as caught:
            HoudiniHost().save_as((tmp_path / "a.hip").as_posix())
    assert caught.value.hint == "With this licence scenes are called .hipnc."


def test_a_scene_without_a_camera_has_no_resolution(host: Host) -> None:
    assert host.resolution() is None
    with pytest.raises(HostError) as caught:
        host.actions()["scene.set_resolution"]([], {"width": 10, "height": 10})
    assert caught.value.code == "host.no_camera"


def test_handles_are_the_range_around_the_one_that_is_played(houdini: Houdini, host: Host) -> None:
    houdini.hip.whole, houdini.hip.seen = (993.0, 1018.0), (1001.0, 1010.0)
    assert host.frame_range() == FrameRange(1001, 1010, 993, 1018)
    host.actions()["frames.set_range"]([], {"first": 1, "last": 5})
    assert host.frame_range() == FrameRange(1, 5, 1, 5)


def test_files_beside_the_scene_start_at_hip(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    host.save_as((tmp_path / "a.hip").as_posix())
    near = houdini.hip.add("studio::rig::1.0", "/obj/near", skin=f"{tmp_path}/tex/skin.png")
    far = houdini.hip.add("studio::rig::1.0", "/obj/far", skin="/elsewhere/skin.png")
    host.actions()["files.make_relative"]([], {})
    assert (near.values["skin"], far.values["skin"]) == ("$HIP/tex/skin.png", "/elsewhere/skin.png")


def test_selecting_a_parameter_selects_its_node(houdini: Houdini, host: Host) -> None:
    houdini.hip.add("studio::rig::1.0", "/obj/rig1", skin="/a.png")
    host.actions()["select.nodes"](["/obj/rig1/skin", "rig.hda", "/obj/gone"], {})
    assert host.selection() == ["/obj/rig1"]


def test_a_thumbnail_is_one_frame_of_a_flipbook(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    path = (tmp_path / "a.jpg").as_posix()
    host.thumbnail(path, 320)
    assert houdini.flipbook == {
        "output": path,
        "to_mplay": False,
        "frames": (1.0, 1.0),
        "use_resolution": True,
        "resolution": (320, 180),
    }


def test_without_a_window_nothing_can_be_called_later() -> None:
    with installed(Houdini(has_window=False).modules(), "onepiece_hosts.houdini"):
        from onepiece_hosts.houdini.adapter import HoudiniHost

        with pytest.raises(Unsupported):
            HoudiniHost().call_later(lambda: None)
        assert HoudiniHost().main_window() is None


def test_what_the_fake_writes_the_core_reads(houdini: Houdini, host: Host, tmp_path: Path) -> None:
    host.actions()["frames.set_range"]([], {"first": 1001, "last": 1010})
    host.actions()["scene.set_fps"]([], {"fps": [24000, 1001]})
    host.save_as((tmp_path / "a.hip").as_posix())
    facts = read_scene(tmp_path / "a.hip")
    assert facts is not None
    assert (facts.version, facts.fps) == ("21.0.512", Fraction(24000, 1001))
