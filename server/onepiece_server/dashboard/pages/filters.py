"""What a form above a table asks for, read from the address; a table says the same in its links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onepiece_core.dashboard.board import RowFilter
from onepiece_core.dashboard.statuses import BUCKETS

# Rows without an episode are those of the episode "": an empty field means any.
NO_EPISODE = "(none)"
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Filter:
    """The fields as a form shows them; "" is any. ``cursor``: where the page begins."""

    episode: str = ""
    sequence: str = ""
    bucket: str = ""
    step: str = ""
    text: str = ""
    assignee: str = ""
    cursor: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """What makes no sense is left out."""
        told = {name: query.get(name, "").strip()[:_MOST_TEXT] for name in cls.__slots__ if name != "cursor"}
        if told["bucket"] not in BUCKETS:
            told["bucket"] = ""
        return cls(**told, cursor=query.get("cursor", "")[:1000])

    @property
    def wanted(self) -> RowFilter:
        return RowFilter(
            episode="" if self.episode == NO_EPISODE else self.episode or None,
            sequence=self.sequence or None,
            bucket=next((bucket for bucket in BUCKETS if bucket == self.bucket), None),
            step=self.step or None,
            text=self.text or None,
            assignee=self.assignee or None,
        )

    @property
    def is_any(self) -> bool:
        return not any(self.query().values())

    def query(self, **otherwise: str) -> dict[str, str]:
        """For an address of the same rows, from the first, with some fields changed."""
        told = {name: str(getattr(self, name)) for name in self.__slots__ if name != "cursor"}
        return {name: value for name, value in {**told, **otherwise}.items() if value}
