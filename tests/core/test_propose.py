"""The request that a panel proposes for an open scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onepiece_core.config import Settings
from onepiece_core.context import Context
from onepiece_core.errors import ConfigError, UsageError
from onepiece_core.publish.outputs import find_outputs
from onepiece_core.publish.propose import Proposal, PublishContext, propose_request
from onepiece_core.rules.host_facts import parse_facts

NAME = "FG_ep010_sc02_0010_comp_v004"
CONTEXT = PublishContext(
    "FG", None, "ep010_sc02_0010", "comp", Context("FG", "ep010", "sc02", "0010", step="comp", version=4)
)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "FG/ep010/sc02/0010/comp/work"
    folder.mkdir(parents=True)
    (folder / f"{NAME}.nk").touch()
    return folder


def settings(root: Path | None = None, commands: dict[str, Any] | None = None, **publish: Any) -> Settings:
    roots = {"projects": {"linux": root, "macos": root, "windows": root}} if root else {}
    return Settings.model_validate(
        {"publish": {"bucket": "studio-data", **publish}, "roots": roots, "commands": commands or {}}
    )


def output(path: Path, name: str = "Write1", **more: Any) -> dict[str, Any]:
    return {"id": name, "label": name, "path": path.as_posix(), "first": 1001, "last": 1003, **more}


def render(folder: Path, stem: str, frames: tuple[int, ...] = (1001, 1002, 1003)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        (folder / f"{stem}.{frame}.exr").write_bytes(b"x")
    return folder / f"{stem}.%04d.exr"


def propose(
    scene: Path | None,
    *outputs: dict[str, Any],
    told: Settings | None = None,
    context: PublishContext = CONTEXT,
    **overrides: Any,
) -> Proposal:
    facts = parse_facts(
        {
            "schema": "onepiece.scene-facts.1",
            "host": "nuke",
            "scene": scene.as_posix() if scene else None,
            "outputs": list(outputs),
        }
    )
    return propose_request(facts, find_outputs(facts), context, told or settings(), overrides)


def asked(proposal: Proposal) -> Any:
    assert proposal.lacking == ()
    return proposal.request


def test_a_scene_is_published_beside_its_work_folder(work: Path) -> None:
    request = asked(propose(work / f"{NAME}.nk"))
    assert (request.dcc, request.scene_name, request.show_code, request.bucket) == ("nuke", NAME, "FG", "studio-data")
    assert (request.shot, request.task, request.project) == ("ep010_sc02_0010", "comp", None)
    assert request.destination == work.parent / "publish"
    assert (request.renders, request.previews, request.caches) == ((), (), ())


def test_the_nearest_work_folder_counts_and_without_one_the_scene_s_own(work: Path, tmp_path: Path) -> None:
    assert asked(propose(work / "nuke/scripts" / f"{NAME}.nk")).destination == work.parent / "publish"
    assert asked(propose(tmp_path / f"{NAME}.nk")).destination == tmp_path / "publish"


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{work}/../publish", "FG/ep010/sc02/0010/comp/publish"),
        ("{scene_folder}/out", "FG/ep010/sc02/0010/comp/work/out"),
        ("{publish}", "FG/ep010/sc02/0010/comp/publish"),
        ("{work}/../../{step}_v{version}", "FG/ep010/sc02/0010/comp_v004"),
    ],
)
def test_the_destination_is_a_setting(work: Path, tmp_path: Path, template: str, wanted: str) -> None:
    told = settings(tmp_path, destination=template)
    assert asked(propose(work / f"{NAME}.nk", told=told)).destination == tmp_path / wanted


def test_a_destination_that_cannot_be_filled_in_is_lacking(work: Path) -> None:
    told = settings(destination="{publish}")
    assert propose(work / f"{NAME}.nk", told=told).lacking == ("destination",)
    told = settings(destination="/x/{episode}")
    assert propose(work / f"{NAME}.nk", told=told, context=PublishContext("FG")).lacking == ("destination",)


def test_a_placeholder_that_nobody_knows_is_an_error(work: Path) -> None:
    with pytest.raises(ConfigError, match="colour"):
        propose(work / f"{NAME}.nk", told=settings(destination="{colour}"))


def test_what_the_shell_would_take_is_taken(work: Path) -> None:
    shell = {"bucket": "vendor_out", "show-type": "prod", "destination": "/projects/FG/publish"}
    request = asked(propose(work / f"{NAME}.nk", told=settings(bucket="", commands={"dcc": {"publish": shell}})))
    assert (request.bucket, request.show_type, request.destination) == (
        "vendor_out",
        "prod",
        Path("/projects/FG/publish"),
    )
    both = settings(destination="{scene_folder}", show_type="vfx", commands={"dcc": {"publish": shell}})
    request = asked(propose(work / f"{NAME}.nk", told=both))
    assert (request.bucket, request.show_type, request.destination) == ("studio-data", "vfx", work)


def test_what_is_lacking_is_named(work: Path) -> None:
    proposal = propose(None, told=settings(bucket=""), context=PublishContext())
    assert proposal == Proposal(None, ("scene_name", "show_code", "destination", "bucket"))
    direct = propose(work / f"{NAME}.nk", told=settings(bucket=""), direct_upload_path="s3://a/b")
    assert direct.lacking == ()


def test_one_output_is_its_pattern(work: Path) -> None:
    pattern = render(work / "renders", "beauty")
    assert asked(propose(work / f"{NAME}.nk", output(pattern))).renders == (pattern,)


def test_several_outputs_are_the_folder_that_holds_them_and_nothing_else(work: Path) -> None:
    renders = work / "renders"
    beauty, depth = render(renders / "beauty", "beauty"), render(renders / "depth", "depth")
    outputs = output(beauty), output(depth, "Write2")
    assert asked(propose(work / f"{NAME}.nk", *outputs)).renders == (renders,)
    (renders / "depth" / "old.0001.exr").touch()
    assert asked(propose(work / f"{NAME}.nk", *outputs)).renders == (beauty, depth), "others lie there, too"


def test_the_scene_s_own_folder_is_never_published_as_renders(work: Path) -> None:
    outputs = output(render(work, "beauty")), output(render(work, "depth"), "Write2")
    assert asked(propose(work / f"{NAME}.nk", *outputs)).renders == (work / "beauty.%04d.exr", work / "depth.%04d.exr")


def test_what_is_disabled_or_not_rendered_is_left_out(work: Path) -> None:
    pattern = render(work / "renders", "beauty")
    proposal = propose(work / f"{NAME}.nk", output(pattern, is_enabled=False), output(work / "no/x.%04d.exr", "Write2"))
    assert asked(proposal).renders == ()


def test_the_movie_beside_the_scene_is_the_preview(work: Path) -> None:
    (work / "playblasts").mkdir()
    movie = work / "playblasts" / f"{NAME}.mov"
    movie.write_bytes(b"x")
    assert asked(propose(work / f"{NAME}.nk")).previews == (movie,)


def test_overrides_win_and_an_empty_one_takes_away(work: Path) -> None:
    pattern = render(work / "renders", "beauty")
    request = asked(propose(work / f"{NAME}.nk", output(pattern), renders="", task="paint", comment="new"))
    assert (request.renders, request.task, request.comment) == ((), "paint", "new")


@pytest.mark.parametrize(
    "wrong", [{"colour": "red"}, {"show_type": "film"}, {"destination": 5}, {"comment": {}}], ids=str
)
def test_an_override_that_makes_no_sense_is_refused(work: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        propose(work / f"{NAME}.nk", **wrong)


def test_what_the_artist_took_out_stays_out(work: Path) -> None:
    beauty, depth = render(work / "renders" / "beauty", "beauty"), render(work / "renders" / "depth", "depth")
    cache = render(work / "caches", "sim")
    outputs = [output(beauty, "Write1"), output(depth, "Write2"), output(cache, "Cache1", kind="cache")]
    scene = work / f"{NAME}.nk"
    everything = asked(propose(scene, *outputs))
    assert (everything.renders, everything.caches) == ((work / "renders",), (cache,))
    some = asked(propose(scene, *outputs, excluded=["render Write1", "cache Cache1"]))
    assert (some.scene, some.renders, some.caches) == (scene, (depth,), ())
    assert asked(propose(scene, *outputs, excluded=["scene"])).scene is None


@pytest.mark.parametrize("excluded", ["scene", [1], {"a": 1}])
def test_what_is_no_list_of_items_is_told(work: Path, excluded: Any) -> None:
    with pytest.raises(UsageError):
        propose(work / f"{NAME}.nk", excluded=excluded)
