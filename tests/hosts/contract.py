"""What every Host must do. Subclass it, give it the fixtures, run it inside the host.

No test here knows which host it runs in: what a host cannot do, its ``capabilities`` say.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from onepiece_hosts.errors import HostError, Unsupported
from onepiece_hosts.facts import SCHEMA, Collector, collect
from onepiece_hosts.host import EVENTS, Host


class HostContract:
    @pytest.fixture
    def host(self) -> Host:
        """A host with a new, empty scene."""
        raise NotImplementedError

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        """A picture file that ``use_picture`` puts into the scene."""
        raise NotImplementedError

    def use_picture(self, path: Path) -> None:
        """Make the scene use a picture file, as an artist would."""
        raise NotImplementedError

    def use_sequence(self, first: Path) -> None:
        """Make the scene use the picture and those that are numbered after it, as an artist would."""
        raise NotImplementedError

    def use_tiles(self, first: Path) -> None:
        """Make the scene use the picture, whose number is a tile's, and the tiles beside it."""
        raise NotImplementedError

    def break_something(self) -> None:
        """Change the scene."""
        raise NotImplementedError

    def give_resolution(self) -> None:
        """Where a new scene has none: what gives it one."""

    def idle(self) -> None:
        """Let the host do what waits until it has nothing else to do."""

    def saved(self, host: Host, folder: Path, name: str = "FG_ep010_sc02_0010_comp_v001") -> str:
        path = (folder / f"{name}{host.extensions[0]}").as_posix()
        host.save_as(path)
        return path

    # The scene file

    def test_it_says_what_it_is(self, host: Host) -> None:
        assert host.name.islower()
        assert all(extension.startswith(".") for extension in host.extensions)
        assert host.version()[0].isdigit()

    def test_a_new_scene_has_no_path(self, host: Host) -> None:
        assert host.scene_path() is None

    def test_a_scene_without_a_path_is_not_saved(self, host: Host) -> None:
        with pytest.raises(HostError) as caught:
            host.save()
        assert caught.value.code == "host.unnamed_scene"

    def test_save_as_gives_the_scene_its_path(self, host: Host, tmp_path: Path) -> None:
        path = self.saved(host, tmp_path)
        assert host.scene_path() == path
        assert os.path.getsize(path) > 0

    @pytest.mark.parametrize("name", ["with space", "名前", "x" * 180])
    def test_any_name_can_be_saved_and_opened(self, host: Host, tmp_path: Path, name: str) -> None:
        path = self.saved(host, tmp_path, name)
        host.open_scene(path)
        assert host.scene_path() == path

    def test_save_as_never_overwrites(self, host: Host, tmp_path: Path) -> None:
        path = self.saved(host, tmp_path)
        before = Path(path).read_bytes()
        self.break_something()
        with pytest.raises(HostError) as caught:
            host.save_as(path)
        assert caught.value.code == "host.file_exists"
        assert Path(path).read_bytes() == before

    def test_a_folder_that_is_not_there_is_an_error(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(HostError) as caught:
            host.save_as((tmp_path / "nowhere" / f"a{host.extensions[0]}").as_posix())
        assert caught.value.code == "host.save_failed"

    def test_open_brings_the_saved_scene_back(self, host: Host, tmp_path: Path) -> None:
        first = self.saved(host, tmp_path)
        second = self.saved(host, tmp_path, "FG_ep010_sc02_0010_comp_v002")
        host.open_scene(first)
        assert host.scene_path() == first != second

    def test_what_cannot_be_opened_is_an_error(self, host: Host, tmp_path: Path) -> None:
        with pytest.raises(HostError) as caught:
            host.open_scene((tmp_path / f"lost{host.extensions[0]}").as_posix())
        assert caught.value.code == "host.scene_missing"

    def test_rubbish_is_an_error(self, host: Host, tmp_path: Path) -> None:
        path = tmp_path / f"rubbish{host.extensions[0]}"
        path.write_bytes(b"\x00\xffrubbish" * 50)
        with pytest.raises(HostError) as caught:
            host.open_scene(path.as_posix())
        assert caught.value.code == "host.open_failed"

    def test_modified_is_known_or_none(self, host: Host, tmp_path: Path) -> None:
        self.saved(host, tmp_path)
        self.break_something()
        assert host.is_modified() is (True if host.capabilities()["is_modified"] else None)

    # What the scene is set to

    def test_the_range_lies_within_its_handles(self, host: Host) -> None:
        frames = host.frame_range()
        assert frames.handle_first <= frames.first <= frames.last <= frames.handle_last

    def test_the_range_can_be_set(self, host: Host) -> None:
        host.actions()["frames.set_range"]([], {"first": 1001, "last": 1010})
        frames = host.frame_range()
        assert (frames.first, frames.last) == (1001, 1010)

    @pytest.mark.parametrize("fps", [(24, 1), (25, 1), (24000, 1001), (30000, 1001), (60, 1)])
    def test_the_rate_is_exact(self, host: Host, fps: tuple[int, int]) -> None:
        host.actions()["scene.set_fps"]([], {"fps": list(fps)})
        assert host.fps() == fps

    def test_the_resolution_can_be_set(self, host: Host) -> None:
        self.give_resolution()
        host.actions()["scene.set_resolution"]([], {"width": 2048, "height": 858})
        found = host.resolution()
        assert found is not None
        assert (found.width, found.height) == (2048, 858)

    def test_cameras_and_outputs_have_ids_of_their_own(self, host: Host) -> None:
        for found in (host.cameras(), host.outputs()):
            ids = [one.id for one in found]
            assert len(set(ids)) == len(ids)

    # Files

    def test_a_file_that_is_used_is_told(self, host: Host, tmp_path: Path, picture: Path) -> None:
        self.use_picture(picture)
        self.saved(host, tmp_path)
        found = [used for used in host.iter_files() if used]
        assert [(used.path, used.kind, used.is_missing) for used in found] == [(picture.as_posix(), "image", False)]

    def test_a_file_that_is_gone_is_missing(self, host: Host, tmp_path: Path, picture: Path) -> None:
        self.use_picture(picture)
        self.saved(host, tmp_path)
        picture.unlink()
        assert [used.is_missing for used in host.iter_files() if used] == [True]

    def test_a_sequence_is_one_file_with_a_place_for_the_number(
        self, host: Host, tmp_path: Path, picture: Path
    ) -> None:
        frames = [picture.rename(tmp_path / "plate.1001.png"), tmp_path / "plate.1002.png"]
        frames[1].write_bytes(frames[0].read_bytes())
        self.use_sequence(frames[0])
        self.saved(host, tmp_path)
        wanted = f"{tmp_path.as_posix()}/plate.%04d.png"
        found = [(used.path, used.kind, used.is_missing) for used in host.iter_files() if used]
        assert found == [(wanted, "sequence", False)]
        for frame in frames:
            frame.unlink()
        assert [(used.path, used.is_missing) for used in host.iter_files() if used] == [(wanted, True)]

    def test_tiles_are_one_file_with_a_place_for_the_tile(self, host: Host, tmp_path: Path, picture: Path) -> None:
        tiles = [picture.rename(tmp_path / "wood.1001.png"), tmp_path / "wood.1002.png"]
        tiles[1].write_bytes(tiles[0].read_bytes())
        self.use_tiles(tiles[0])
        self.saved(host, tmp_path)
        wanted = f"{tmp_path.as_posix()}/wood.<UDIM>.png"
        found = [(used.path, used.kind, used.is_missing) for used in host.iter_files() if used]
        assert found == [(wanted, "udim", False)]
        for tile in tiles:
            tile.unlink()
        assert [(used.path, used.is_missing) for used in host.iter_files() if used] == [(wanted, True)]

    def test_a_scene_is_no_file_of_itself(self, host: Host, tmp_path: Path) -> None:
        path = self.saved(host, tmp_path)
        assert path not in [used.path for used in host.iter_files() if used]

    # Facts and actions

    def test_facts_are_json_and_complete(self, host: Host, tmp_path: Path) -> None:
        self.saved(host, tmp_path)
        facts = json.loads(json.dumps(collect(host)))
        assert (facts["schema"], facts["host"], facts["scene"]) == (SCHEMA, host.name, host.scene_path())
        assert facts["unread"] == []

    def test_facts_are_gathered_in_slices(self, host: Host) -> None:
        ticking = iter(range(10_000_000))
        collector, turns = Collector(host, clock=lambda: float(next(ticking))), 1
        while not collector.work(0.5):
            turns += 1
        assert turns > 5
        without_time: dict[str, Any] = collect(host)
        assert collector.facts == without_time

    def test_every_host_can_save_and_select(self, host: Host) -> None:
        assert {"scene.save", "select.nodes", "frames.set_range", "scene.set_fps"} <= host.actions().keys()

    def test_selecting_what_is_gone_does_nothing(self, host: Host) -> None:
        host.actions()["select.nodes"](["nothing of that name"], {})
        assert host.selection() == []

    def test_saving_is_told(self, host: Host, tmp_path: Path) -> None:
        self.saved(host, tmp_path)
        told: list[int] = []
        stop = host.on("saved", lambda: told.append(1))
        host.save()
        self.idle()
        stop()
        host.save()
        self.idle()
        assert len(told) == int(host.capabilities()["on.saved"])

    def test_opening_is_told(self, host: Host, tmp_path: Path) -> None:
        path = self.saved(host, tmp_path)
        told: list[str | None] = []
        stop = host.on("opened", lambda: told.append(host.scene_path()))
        host.open_scene(path)
        self.idle()
        stop()
        host.open_scene(path)
        self.idle()
        assert told == ([path] if host.capabilities()["on.opened"] else [])

    def test_every_event_can_be_asked_for(self, host: Host) -> None:
        for event in EVENTS:
            host.on(event, lambda: None)()

    def test_what_it_cannot_do_it_says(self, host: Host, tmp_path: Path) -> None:
        able = host.capabilities()
        for name, ask in (
            ("thumbnail", lambda: host.thumbnail(str(tmp_path / "a.png"), 320)),
            ("playblast", lambda: host.playblast(str(tmp_path / "a.mp4"), 1, 2)),
        ):
            if not able[name]:
                with pytest.raises(Unsupported):
                    ask()
