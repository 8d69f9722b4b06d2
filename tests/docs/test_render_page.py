"""The examples of the page about rendering do what it says, on this machine's real workers."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import not_shown, read_blocks
from tests.docs.test_examples import run_in_one_shell
from tests.support.local_farms import end_workers

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "render.md"


def test_the_examples_run_and_print_what_the_page_says(env: dict[str, str], tmp_path: Path) -> None:
    blocks = read_blocks(PAGE)
    assert len(blocks) > 5
    state = tmp_path / "state"
    try:
        printed = run_in_one_shell(blocks, tmp_path, {**env, "ONEPIECE_STATE_DIR": str(state)})
    finally:
        end_workers(state / "farms" / "local")
    for block, output in zip(blocks, printed, strict=True):
        assert not_shown(block, output) == [], f"line {block.line}:\n{output}"
