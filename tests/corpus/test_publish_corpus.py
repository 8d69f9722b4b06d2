"""Each bad input as the renders of a publish: it is refused as a whole with a typed error, or taken whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from onepiece_core.errors import OnePieceError
from onepiece_core.progress import Reporter
from onepiece_core.publish.check import check_inputs
from onepiece_core.publish.collect import Collected, collect_inputs
from onepiece_core.publish.request import PublishRequest
from tests.corpus.looking import tree_of
from tests.corpus.row import Row, entries_of
from tests.corpus.rows import ROWS

OF_FOLDERS = [row for row in ROWS if row.manifest is None]


def look(folder: Path) -> Collected | OnePieceError:
    """What a plan does before it asks anybody."""
    request = PublishRequest(
        dcc="nuke", scene_name="FG_ep010_sc02_0010_comp_v004", destination=folder.parent / "out", show_code="FG"
    )
    try:
        collected = collect_inputs(renders=(folder,))
        check_inputs(request, collected, {}, shot=None, dependencies=(), reporter=Reporter())
    except OnePieceError as error:
        return error
    return collected


@pytest.mark.parametrize("row", OF_FOLDERS, ids=str)
def test_a_publish_is_refused_or_whole(row: Row, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    row.made_in(drop)
    before = tree_of(drop)
    collected = look(drop)
    if isinstance(collected, OnePieceError):
        assert collected.report.code == row.publish, collected
        assert collected.report.message.isprintable()
        collected.report.model_dump_json()
    else:
        assert row.publish is None
        taken = {file.package_path.removeprefix("renders/") for file in collected.files}
        left = [path for finding in collected.findings for path in finding.context.get("paths", ())]
        for path in set(entries_of(drop)) - taken:
            assert any(path == each or path.startswith(f"{each}/") for each in left), path
    assert tree_of(tmp_path / "drop") == before
