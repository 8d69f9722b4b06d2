"""The examples of a page: code to run, and what it is said to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# A fence of sh or powershell is shown, not run: it installs things, or needs a real studio.
_FENCE = re.compile(r"^```(?P<kind>[a-z]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_RUN = ("bash", "python")


@dataclass(frozen=True)
class Block:
    """``shown`` are the lines that the page says come out; ``...`` stands for anything."""

    kind: str
    code: str
    line: int
    shown: tuple[str, ...]

    @property
    def script(self) -> str:
        """The block for a shell."""
        return self.code if self.kind == "bash" else f"python - <<'END-OF-PYTHON'\n{self.code}END-OF-PYTHON\n"


def read_blocks(page: Path) -> list[Block]:
    """What is to be run, in the page's order."""
    text = page.read_text(encoding="utf-8")
    blocks: list[Block] = []
    for fence in _FENCE.finditer(text):
        line = text[: fence.start()].count("\n") + 1
        if fence["kind"] in _RUN:
            blocks.append(Block(fence["kind"], fence["text"], line, ()))
        elif fence["kind"] == "text" and blocks:
            last = blocks.pop()
            blocks.append(Block(last.kind, last.code, last.line, tuple(fence["text"].splitlines())))
    return blocks


def not_shown(block: Block, printed: str) -> list[str]:
    """The lines of ``block.shown`` that did not come out, in their order."""
    left = printed.splitlines()
    missing = []
    for line in block.shown:
        pattern = re.compile(re.escape(line.rstrip()).replace(re.escape("..."), ".*"))
        found = next((number for number, each in enumerate(left) if pattern.fullmatch(each.rstrip())), None)
        if found is None:
            missing.append(line)
        else:
            left = left[found + 1 :]
    return missing
