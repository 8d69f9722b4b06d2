"""Maya's adapter over a fake of the names that maya-stubs has: names and shapes of calls, not Maya's behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from onepiece_core.scenes.read import read_scene
from onepiece_hosts.errors import HostError
from onepiece_hosts.host import Colour, FrameRange, Host
from tests.hosts.contract import HostContract
from tests.hosts.stubs.fakes_maya import EXITING, Maya
from tests.hosts.stubs.guard import installed

GOLDEN = Path(__file__).parents[1] / "golden" / "scenes"


@pytest.fixture
def maya() -> Iterator[Maya]:
    fake = Maya()
    with installed(fake.modules(), "onepiece_hosts.maya"):
        yield fake


@pytest.fixture
def host(maya: Maya) -> Host:
    from onepiece_hosts.maya.adapter import MayaHost

    return MayaHost()


class TestContract(HostContract):
    @pytest.fixture(autouse=True)
    def _running(self, maya: Maya) -> None:
        self.maya = maya

    @pytest.fixture
    def host(self, maya: Maya) -> Host:
        from onepiece_hosts.maya.adapter import MayaHost

        return MayaHost()

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        path = tmp_path / "wood.png"
        path.write_bytes(b"a picture")
        return path

    def use_picture(self, path: Path) -> None:
        self.maya.scene.add("file", "file1", fileTextureName=path.as_posix())

    def use_sequence(self, first: Path) -> None:
        self.maya.scene.add("file", "file1", fileTextureName=first.as_posix(), useFrameExtension=1)

    def use_tiles(self, first: Path) -> None:
        pattern = first.as_posix().replace("1001", "<UDIM>")
        tiled = {"uvTilingMode": 3, "computedFileTextureNamePattern": pattern}
        self.maya.scene.add("file", "file1", fileTextureName=first.as_posix(), **tiled)

    def break_something(self) -> None:
        self.maya.scene.add("transform", "broken")


def used(host: Host) -> dict[str, tuple[str, str, bool | None]]:
    return {one.node: (one.path, one.kind, one.is_missing) for one in host.iter_files() if one}


def problems(host: Host) -> list[tuple[str, str]]:
    return [(one.kind, one.node) for one in host.iter_problems() if one]


@pytest.mark.parametrize(
    ("unit", "rate"),
    [("film", (24, 1)), ("pal", (25, 1)), ("ntscf", (60, 1)), ("23.976fps", (24000, 1001)), ("29.97df", (30000, 1001))],
)
def test_units_of_time_are_rates(maya: Maya, host: Host, unit: str, rate: tuple[int, int]) -> None:
    maya.scene.unit = unit
    assert host.fps() == rate


def test_a_unit_that_is_no_rate_is_an_error(maya: Maya, host: Host) -> None:
    maya.scene.unit = "fortnights"
    with pytest.raises(HostError) as caught:
        host.fps()
    assert caught.value.code == "host.unknown_rate"


def test_a_rate_that_maya_does_not_have_is_refused(host: Host) -> None:
    with pytest.raises(HostError):
        host.actions()["scene.set_fps"]([], {"fps": [61, 3]})


def test_handles_are_the_range_around_the_one_that_is_played(maya: Maya, host: Host) -> None:
    maya.scene.playback = {"minTime": 1001, "maxTime": 1010, "animationStartTime": 993, "animationEndTime": 1018}
    assert host.frame_range() == FrameRange(1001, 1010, 993, 1018)
    host.actions()["frames.set_range"]([], {"first": 1000, "last": 1012})
    assert host.frame_range() == FrameRange(1000, 1012, 993, 1018)
    host.actions()["frames.set_range"]([], {"first": 1, "last": 5})
    assert host.frame_range() == FrameRange(1, 5, 1, 5)


def test_tiles_and_frames_are_patterns(maya: Maya, host: Host, tmp_path: Path) -> None:
    (tmp_path / "wood.1001.tx").touch()
    pattern = f"{tmp_path}/wood.<UDIM>.tx"
    maya.scene.add(
        "file",
        "wood",
        fileTextureName=f"{tmp_path}/wood.1001.tx",
        uvTilingMode=3,
        computedFileTextureNamePattern=pattern,
    )
    maya.scene.add("file", "sky", fileTextureName=f"{tmp_path}/sky.0007.exr", useFrameExtension=1)
    maya.scene.add("AlembicNode", "crowd", abc_File=f"{tmp_path}/crowd.abc")
    (tmp_path / "note#1.wav").touch()
    maya.scene.add("audio", "renderers_own", filename=f"{tmp_path}/dust.####.tx")
    maya.scene.add("audio", "note", filename=f"{tmp_path}/note#1.wav")
    assert used(host) == {
        "renderers_own.filename": (f"{tmp_path}/dust.%04d.tx", "sequence", True),
        "note.filename": (f"{tmp_path}/note#1.wav", "sound", False),
        "wood.fileTextureName": (pattern, "udim", False),
        "sky.fileTextureName": (f"{tmp_path}/sky.%04d.exr", "sequence", True),
        "crowd.abc_File": (f"{tmp_path}/crowd.abc", "cache", True),
    }


def test_references_are_files_and_may_be_problems(maya: Maya, host: Host, tmp_path: Path) -> None:
    for name in ("rig", "set", "prop"):
        (tmp_path / f"{name}.ma").touch()
    maya.scene.reference("rigRN", f"{tmp_path}/rig.ma", locked=1)
    maya.scene.reference("setRN", f"{tmp_path}/set.ma", loaded=False)
    maya.scene.reference("propRN", f"{tmp_path}/prop.ma")
    maya.scene.reference("goneRN", f"{tmp_path}/gone.ma")
    maya.scene.add("reference", "sharedReferenceNode")
    assert used(host)["rigRN"] == (f"{tmp_path}/rig.ma", "reference", False)
    assert used(host)["goneRN"] == (f"{tmp_path}/gone.ma", "reference", True)
    assert problems(host) == [
        ("missing_reference", "goneRN"),
        ("unlocked_reference", "propRN"),
        ("unloaded_reference", "setRN"),
    ]
    host.actions()["references.lock"](["propRN"], {})
    host.actions()["references.load"](["setRN"], {})
    assert problems(host) == [("missing_reference", "goneRN"), ("unlocked_reference", "setRN")]
    with pytest.raises(HostError):
        host.actions()["references.load"](["goneRN"], {})


def test_nodes_of_plugins_that_are_not_here_are_told(maya: Maya, host: Host) -> None:
    maya.scene.add("unknown", "fur1", plugin="furPlugin")
    (found,) = [one for one in host.iter_problems() if one]
    assert (found.kind, found.node, found.context) == ("unknown_node", "fur1", {"plugin": "furPlugin"})


def test_a_scene_that_cannot_be_saved_keeps_its_name(maya: Maya, host: Host, tmp_path: Path) -> None:
    first = (tmp_path / "a_v001.ma").as_posix()
    host.save_as(first)
    with pytest.raises(HostError, match="not named as a Maya scene"):
        host.save_as((tmp_path / "a_v002.txt").as_posix())
    maya.scene.add("unknown", "fur1")
    with pytest.raises(HostError, match="cannot save"):
        host.save_as((tmp_path / "a_v002.ma").as_posix())
    assert host.scene_path() == first


def test_cameras_that_every_scene_has_are_default(maya: Maya, host: Host) -> None:
    maya.scene.add("transform", "shotcam")
    maya.scene.add("camera", "shotcamShape", "shotcam", renderable=1)
    found = {one.label: (one.id, one.is_renderable, one.is_default) for one in host.cameras()}
    assert found["shotcam"] == ("|shotcam|shotcamShape", True, False)
    assert found["persp"] == ("|persp|perspShape", True, True)
    assert not found["top"][1]


def test_outputs_are_layers_by_cameras(maya: Maya, host: Host) -> None:
    maya.scene.nodes["defaultRenderGlobals"].values.update(animation=1, startFrame=1001, endFrame=1010)
    maya.scene.add("renderLayer", "beauty", renderable=0)
    assert [(one.label, one.kind, one.first, one.last, one.is_enabled) for one in host.outputs()] == [
        ("beauty, perspShape", "sequence", 1001, 1010, False),
        ("masterLayer, perspShape", "sequence", 1001, 1010, True),
    ]
    assert all(one.path.endswith(".%04d.exr") for one in host.outputs())


def test_a_configuration_of_colours_that_is_gone_is_unknown(maya: Maya, host: Host, tmp_path: Path) -> None:
    assert host.colour().is_known
    maya.scene.colour["configFilePath"] = f"{tmp_path}/config.ocio"
    assert host.colour() == Colour(f"{tmp_path}/config.ocio", "ACEScg", False)
    maya.scene.colour["cmEnabled"] = False
    assert host.colour() == Colour(None, None, True)


def test_files_below_the_project_become_relative(maya: Maya, host: Host, tmp_path: Path) -> None:
    maya.project = f"{tmp_path}/"
    maya.scene.add("file", "wood", fileTextureName=f"{tmp_path}/tex/wood.png")
    maya.scene.add("file", "other", fileTextureName="/elsewhere/wood.png")
    host.actions()["files.make_relative"]([], {})
    assert maya.scene.nodes["wood"].values["fileTextureName"] == "tex/wood.png"
    assert maya.scene.nodes["other"].values["fileTextureName"] == "/elsewhere/wood.png"


def test_selecting_a_file_selects_its_node(maya: Maya, host: Host) -> None:
    maya.scene.add("file", "wood", fileTextureName="/a.png")
    host.actions()["select.nodes"](["wood.fileTextureName", "gone"], {})
    assert host.selection() == ["wood"]


def test_pictures_need_a_window(host: Host, tmp_path: Path) -> None:
    host.thumbnail((tmp_path / "a.jpg").as_posix(), 320)
    assert (tmp_path / "a.jpg").exists()
    assert Path(host.playblast((tmp_path / "b.mov").as_posix(), 1, 5)).exists()
    with pytest.raises(HostError):
        host.thumbnail((tmp_path / "a.exr").as_posix(), 320)


def test_the_end_of_maya_is_told_once(maya: Maya, host: Host) -> None:
    told: list[int] = []
    stop = host.on("closing", lambda: told.append(1))
    maya.tell(EXITING)
    stop()
    stop()
    maya.tell(EXITING)
    assert told == [1]


def test_work_waits_until_maya_is_idle(maya: Maya, host: Host) -> None:
    done: list[int] = []
    host.call_later(lambda: done.append(1))
    assert done == []
    maya.idle()
    assert done == [1]


def test_what_the_fake_writes_the_core_reads(maya: Maya, host: Host, tmp_path: Path) -> None:
    maya.scene.add("file", "wood", fileTextureName="/tex/wood.png")
    host.actions()["frames.set_range"]([], {"first": 1001, "last": 1010})
    host.actions()["scene.set_fps"]([], {"fps": [24000, 1001]})
    host.save_as((tmp_path / "a.ma").as_posix())
    facts = read_scene(tmp_path / "a.ma")
    assert facts is not None
    assert (facts.version, facts.first, facts.last, facts.fps) == ("2026", 1001, 1010, Fraction(24000, 1001))
    assert facts.references == ("/tex/wood.png",)


def test_a_golden_scene_is_opened(host: Host) -> None:
    host.open_scene((GOLDEN / "FG_ep010_sc02_0010_anim_v003.ma").as_posix())
    assert host.frame_range() == FrameRange(1001, 1024, 993, 1032)
    assert (host.fps(), host.is_modified()) == ((24000, 1001), False)
    assert used(host)["rigRN"][:2] == ("/shows/FG/assets/hero/rig/hero_rig_v012.ma", "reference")
