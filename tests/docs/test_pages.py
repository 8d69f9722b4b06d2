"""Every page: its links lead somewhere, and the commands that it shows exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onepiece_cli.lazy import COMMANDS, load

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
_LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(sh|bash|powershell|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROOT_OPTIONS = {"--config-profile", "--verbose", "--log-json", "--version", "--help"}


def name_of(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text: str) -> Iterator[list[str]]:
    """The words of each ``onepiece`` command in the fences of a page."""
    for fence in _FENCE.finditer(text):
        for line in fence[2].replace("\\\n", " ").splitlines():
            code = re.sub(r"(^|\s)#.*$", "", line).replace("$(", "")
            for command in re.findall(r"onepiece [^|;&)>`]*", code):
                yield shlex.split(command.rstrip('"') if command.count('"') % 2 else command)[1:]


def unknown_words(words: list[str]) -> list[str]:
    """What of a command line does not exist."""
    while words and words[0].startswith("-"):
        if words[0] not in _ROOT_OPTIONS:
            return words[:1]
        words = words[2:] if words[0] == "--config-profile" else words[1:]
    if not words:
        return []
    if words[0] not in COMMANDS:
        return words[:1]
    command: Any = load(words[0])
    rest = words[1:]
    while rest and getattr(command, "commands", None):
        if rest[0] not in command.commands:
            return rest[:1]
        command, rest = command.commands[rest[0]], rest[1:]
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help"}
    return [word for word in rest if word.startswith("--") and word not in known]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path):
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_on_a_page_exist(page: Path):
    for words in commands(page.read_text(encoding="utf-8")):
        assert unknown_words(words) == [], " ".join(words)


def test_a_command_that_does_not_exist_is_noticed():
    found = [unknown_words(words) for words in commands("```sh\nonepiece dcc publish --no-such\nonepiece fly\n```\n")]
    assert found == [["--no-such"], ["fly"]]


def test_no_page_is_an_orphan():
    linked = set()
    for page in PAGES:
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target:
                linked.add((page.parent / target.partition("#")[0]).resolve())
    folders = {path for path in linked if path.is_dir()}
    lost = [name_of(page) for page in PAGES if page not in linked and page.parent not in folders]
    assert lost == []
