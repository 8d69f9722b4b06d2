"""Commands whose options take several values after one name: ``--episodes EP01 EP02``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from typer.core import TyperCommand


class ManyValuesCommand(TyperCommand):
    """Only for commands without arguments: every word after such an option is one more value of it."""

    many: ClassVar[frozenset[str]] = frozenset()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, spread(args, self.many))


def spread(args: Sequence[str], many: Iterable[str]) -> list[str]:
    """``--episodes A B`` as ``--episodes A --episodes B``; all else is left alone."""
    names = frozenset(many)
    spread: list[str] = []
    current, values = "", 0
    for number, word in enumerate(args):
        if word == "--":
            return [*spread, *args[number:]]
        if word.startswith("-") and len(word) > 1:
            current, values = (word if word in names else word.partition("=")[0]), 0
            values = 1 if "=" in word else 0
            current = current if current in names else ""
        elif current:
            values += 1
            if values > 1:
                spread.append(current)
        spread.append(word)
    return spread
