"""The examples of the page about telling people do what it says."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import not_shown, read_blocks
from tests.docs.test_examples import run_in_one_shell

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "notify.md"
SETTINGS = """[notify]
webhook_url = "http://127.0.0.1:9/hook"
smtp_host = "127.0.0.1"
mail_from = "show@example.com"
"""


def test_the_examples_run_and_print_what_the_page_says(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "onepiece.toml").write_text(SETTINGS, encoding="utf-8")
    blocks = read_blocks(PAGE)
    assert len(blocks) >= 3
    printed = run_in_one_shell(blocks, tmp_path, {**env, "ONEPIECE_STATE_DIR": str(tmp_path / "state")})
    for block, output in zip(blocks, printed, strict=True):
        assert not_shown(block, output) == [], f"line {block.line}:\n{output}"
