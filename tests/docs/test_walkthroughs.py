"""Each walkthrough runs from its first line to its last, in a studio of its own, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.blocks import not_shown, read_blocks
from tests.docs.test_examples import REPOSITORY, clone, run_in_one_shell

__all__ = ["clone"]

PAGE = REPOSITORY / "docs" / "cli_walkthroughs.md"
EXAMPLES = REPOSITORY / "docs" / "examples"
BEFORE = "Before each"


def parts() -> dict[str, str]:
    """The page's text below each heading; as many lines in front that numbers of lines stay true."""
    text = PAGE.read_text(encoding="utf-8")
    headings = list(re.finditer(r"^## (.+)$", text, re.MULTILINE))
    ends = [each.start() for each in headings[1:]] + [len(text)]
    return {
        each[1]: "\n" * text.count("\n", 0, each.start()) + text[each.start() : end]
        for each, end in zip(headings, ends, strict=True)
    }


WALKTHROUGHS = [name for name in parts() if name != BEFORE]


@pytest.mark.parametrize("name", WALKTHROUGHS)
def test_a_walkthrough_runs_and_prints_what_it_says(
    name: str, clone: Path, env: dict[str, str], tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    blocks = []
    for part in (BEFORE, name):
        page.write_text(parts()[part], encoding="utf-8")
        blocks += read_blocks(page)
    assert len(blocks) > 3
    printed = run_in_one_shell(blocks, clone, env)
    for block, output in zip(blocks, printed, strict=True):
        assert not_shown(block, output) == [], f"line {block.line}:\n{output}"


def test_every_kind_of_work_has_its_walkthrough() -> None:
    assert WALKTHROUGHS == ["Artist", "Wrangler", "Coordinator", "TD"]


def test_the_index_names_every_example() -> None:
    named = set(re.findall(r"`([\w.]+\.\w+)`", (EXAMPLES / "README.md").read_text(encoding="utf-8")))
    assert named == {path.name for path in EXAMPLES.iterdir() if path.is_file()} - {"README.md"}
