"""What a publish will hold, as the tree of a panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onepiece_core.publish.outputs import find_outputs
from onepiece_core.publish.request import PublishRequest
from onepiece_core.publish.tree import TreeItem, as_json, publish_tree
from onepiece_core.rules.host_facts import SceneFacts, parse_facts


def facts(scene: Path | None, *outputs: dict[str, Any], files: list[dict[str, Any]] | None = None) -> SceneFacts:
    told = {"schema": "onepiece.scene-facts.1", "host": "nuke", "outputs": list(outputs), "files": files or []}
    return parse_facts({**told, "scene": scene.as_posix() if scene else None})


def output(path: Path, name: str, kind: str = "sequence", first: int = 1001, last: int = 1005) -> dict[str, Any]:
    return {"id": name, "label": name, "path": path.as_posix(), "kind": kind, "first": first, "last": last}


def request(folder: Path, **more: Any) -> PublishRequest:
    told = {"dcc": "nuke", "scene_name": "x_v001", "destination": folder, "show_code": "FG", "bucket": "b"}
    return PublishRequest.model_validate({**told, **more})


def tree(told: SceneFacts, asked: PublishRequest | None) -> dict[str, TreeItem]:
    return {item.id: item for item in publish_tree(told, find_outputs(told), asked)}


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")


def test_each_kind_is_a_branch(tmp_path: Path) -> None:
    touch(tmp_path, "x.nk", "x.mov")
    touch(tmp_path / "r", "a.1001.exr", "a.1002.exr", "a.1005.exr", "other.1001.exr", "a.txt")
    touch(tmp_path / "c", "sim.0001.vdb", "sim.0002.vdb")
    told = facts(
        tmp_path / "x.nk",
        output(tmp_path / "r/a.%04d.exr", "Write1"),
        output(tmp_path / "c/sim.%04d.vdb", "Cache", "cache", 1, 2),
    )
    found = tree(told, request(tmp_path, scene=tmp_path / "x.nk", renders=tmp_path / "r/a.%04d.exr"))
    assert list(found) == ["scene", "renders", "caches", "previews"]
    (frames,) = found["renders"].children
    assert (frames.files, frames.frames, frames.missing, frames.missing_frames) == (3, "1001-1002,1005", 2, "1003-1004")
    assert (frames.first, frames.last, frames.is_included) == (1001, 1005, True)
    assert frames.thumbnail == f"{(tmp_path / 'r').as_posix()}/a.1002.exr"
    (cache,) = found["caches"].children
    assert (cache.files, cache.missing, cache.is_included, cache.thumbnail) == (2, 0, False, None)
    assert [child.label for child in found["previews"].children] == ["x.mov"]
    assert found["previews"].is_included is False


def test_what_lies_in_a_folder_of_the_request_is_included(tmp_path: Path) -> None:
    touch(tmp_path / "r/b", "b.1001.exr")
    told = facts(None, output(tmp_path / "r/b/b.%04d.exr", "Write1"), output(tmp_path / "r/c/c.%04d.exr", "Write2"))
    found = tree(told, request(tmp_path, renders=tmp_path / "r"))
    assert [child.is_included for child in found["renders"].children] == [True, False], "nothing is there of the second"
    assert "scene" not in found


def test_without_a_request_nothing_is_included(tmp_path: Path) -> None:
    touch(tmp_path, "x.nk", "a.1001.exr")
    found = tree(facts(tmp_path / "x.nk", output(tmp_path / "a.%04d.exr", "Write1")), None)
    assert not any(item.is_included for item in found.values())


def test_frames_in_two_paddings_and_names_of_any_kind_break_nothing(tmp_path: Path) -> None:
    touch(tmp_path / "r", "a.1.exr", "a.0001.exr", "b.%04d.1001.exr", "c d [x].1001.exr", ".hidden.1001.exr")
    told = facts(
        None,
        output(tmp_path / "r/a.%d.exr", "W1"),
        output(tmp_path / "r/c d [x].####.exr", "W2"),
        output(tmp_path / "nowhere/\0.%04d.exr", "W3"),
        output(tmp_path / "r", "W4", "image"),
    )
    counts = [child.files for child in tree(told, None)["renders"].children]
    assert counts == [0, 1, 0, 0]


def test_a_range_of_billions_is_told_at_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.1001.exr")
    told = facts(None, output(tmp_path / "a.%04d.exr", "W1", first=-(2**31), last=2**31 - 1))
    assert tree(told, None)["renders"].missing == 2**32 - 1


def test_files_that_are_used_are_grouped_and_the_missing_ones_come_first() -> None:
    files = [{"path": f"/p/{n:04}.exr", "kind": "image", "node": f"n{n}", "is_missing": n == 250} for n in range(300)]
    files += [files[0], {"path": "/p/lib.blend", "kind": "library", "is_missing": None}]
    found = tree(facts(None, files=files), None)["references"]
    images, libraries = found.children
    assert (found.files, found.missing, images.files, libraries.files) == (301, 1, 300, 1)
    assert (images.children[0].path, images.children[0].missing) == ("/p/0250.exr", 1)
    assert (len(images.children), images.children[-1].label) == (201, "and 100 more")
    assert images.children[1].thumbnail == "/p/0000.exr"


def test_ids_are_there_once_and_the_same_again(tmp_path: Path) -> None:
    touch(tmp_path, "x.nk", "a.1001.exr", "x.mov")
    told = facts(
        tmp_path / "x.nk",
        output(tmp_path / "a.%04d.exr", "W1"),
        output(tmp_path / "a.%04d.exr", "W2"),
        files=[{"path": "/p/a.exr", "kind": kind} for kind in ("image", "movie", "image")],
    )

    def ids(items: list[dict[str, Any]]) -> list[str]:
        return [each for item in items for each in (item["id"], *ids(item["children"]))]

    first, second = (ids(as_json(publish_tree(told, find_outputs(told), None))) for _ in range(2))
    assert first == second
    assert len(first) == len(set(first))


def test_a_request_of_one_path_is_what_it_was_before_there_were_several(tmp_path: Path) -> None:
    single = request(tmp_path, renders="/r", previews=None)
    assert single.model_dump(mode="json")["renders"] == "/r"
    assert single.model_dump(mode="json")["previews"] is None
    assert request(tmp_path, renders=["/r"]).fingerprint() == single.fingerprint()
    assert request(tmp_path, renders=["/r"], caches=["/c"]).fingerprint() != single.fingerprint()
    both = request(tmp_path, renders=["/r", "/s"])
    assert PublishRequest.model_validate_json(both.model_dump_json(by_alias=True)) == both


def test_the_fingerprint_of_an_old_request_stays() -> None:
    told = {
        "dcc": "nuke",
        "scene_name": "x_v001",
        "destination": "/d",
        "show_code": "FG",
        "bucket": "b",
        "renders": "/r",
    }
    assert PublishRequest.model_validate(told).fingerprint() == "c87df71cc085e04ab38d833091a4d71b"


def test_frames_of_a_playblast_are_a_preview_where_there_is_no_movie(tmp_path: Path) -> None:
    touch(tmp_path, "x.nk")
    touch(tmp_path / "playblasts", "x.1001.png", "x.1002.png", "x.1004.png", "y.1001.png", "x.exr")
    (preview,) = tree(facts(tmp_path / "x.nk"), None)["previews"].children
    assert (preview.label, preview.frames, preview.missing_frames) == ("x.%04d.png", "1001-1002,1004", "1003")
    assert preview.thumbnail == f"{tmp_path.as_posix()}/playblasts/x.1002.png"
    touch(tmp_path / "playblasts", "x.mov")
    (preview,) = tree(facts(tmp_path / "x.nk"), None)["previews"].children
    assert preview.label == "x.mov"


def test_a_scene_is_shown_by_the_picture_of_its_workfile(tmp_path: Path) -> None:
    touch(tmp_path, "x.nk", "x.png")
    assert tree(facts(tmp_path / "x.nk"), None)["scene"].thumbnail == str(tmp_path / "x.png")
    assert tree(facts(tmp_path / "gone\0.nk"), None)["scene"].thumbnail is None
