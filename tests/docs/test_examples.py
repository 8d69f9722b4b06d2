"""The examples of the README and the tutorial do what the pages say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onepiece_server.sandbox import studio as sandbox
from tests.docs.blocks import Block, not_shown, read_blocks

REPOSITORY = Path(__file__).parents[2]
PAGES = ("README.md", "docs/tutorial.md")


@pytest.fixture
def clone(tmp_path: Path):
    """A folder that looks like a clone, and the studio that a page may have left running in it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "docs").symlink_to(REPOSITORY / "docs")
    yield folder
    sandbox.down(folder / "studio", grace_seconds=0)


def run_in_one_shell(blocks: list[Block], folder: Path, env: dict[str, str]) -> list[str]:
    """What each block prints. The first that fails ends the shell."""
    outputs = [folder / f".printed-{number}" for number in range(len(blocks))]
    script = "".join(f"{{\n{block.script}}} >{output} 2>&1\n" for block, output in zip(blocks, outputs, strict=True))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=env, timeout=240, check=False)
    printed = [output.read_text() if output.exists() else "" for output in outputs]
    began = sum(output.exists() for output in outputs)
    assert done.returncode == 0, f"line {blocks[began - 1].line}:\n{blocks[began - 1].code}\n{printed[began - 1]}"
    return printed


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_and_print_what_it_says(page: str, clone: Path, env: dict[str, str]):
    blocks = read_blocks(REPOSITORY / page)
    assert len(blocks) > 4
    printed = run_in_one_shell(blocks, clone, env)
    for block, output in zip(blocks, printed, strict=True):
        assert not_shown(block, output) == [], f"{page}, line {block.line}:\n{output}"


def test_a_line_that_does_not_come_out_is_noticed():
    block = Block("bash", "echo a", 1, ("published  ...", "never"))
    assert not_shown(block, "published  x\nother\n") == ["never"]


def test_lines_must_come_out_in_their_order():
    assert not_shown(Block("bash", "", 1, ("b", "a")), "a\nb\n") == ["a"]
