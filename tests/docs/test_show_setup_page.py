"""The examples of the page about setting up a show do what it says."""

from __future__ import annotations

from pathlib import Path

from onepiece_server.sandbox.report import SandboxReport
from tests.docs.blocks import not_shown, read_blocks
from tests.docs.test_examples import run_in_one_shell

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "set-up-a-show.md"


def test_the_examples_run_and_print_what_the_page_says(
    fresh_studio: SandboxReport, env: dict[str, str], tmp_path: Path
) -> None:
    blocks = read_blocks(PAGE)
    assert len(blocks) > 5
    printed = run_in_one_shell(blocks, tmp_path, {**env, **fresh_studio.env, "ONEPIECE_SANDBOX_DIR": fresh_studio.dir})
    for block, output in zip(blocks, printed, strict=True):
        assert not_shown(block, output) == [], f"line {block.line}:\n{output}"
