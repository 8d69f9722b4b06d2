"""Tables laid over each other, each value with the place it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Key = tuple[str, ...]

# Two ways to sign in to AWS. What a layer signs in with must never meet the rest of another layer's way.
_RIVALS = {
    "access_key_id": ("secret_access_key", "session_token", "profile"),
    "profile": ("access_key_id", "secret_access_key", "session_token"),
}


def dotted(key: Key) -> str:
    return ".".join(key)


def leaves(data: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value that is no table. An empty table is a value: it may replace nothing, yet it is there."""
    for name, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


class Layers:
    """Values so far. ``lay`` puts another layer on top; a table is merged, anything else replaced."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.sources: dict[Key, str] = {}

    def lay(self, data: Mapping[str, Any], source: str | Mapping[Key, str]) -> None:
        """``source`` is one text for the whole layer, or one for each leaf."""

        def source_of(key: Key) -> str:
            return source if isinstance(source, str) else source[key]

        for key, cause in self._taken_away(data.get("aws")):
            self._set(key, None, source_of(cause))
        for key, value in leaves(data):
            self._set(key, value, source_of(key))

    def _set(self, key: Key, value: Any, source: str) -> None:
        table = self.data
        for depth, name in enumerate(key[:-1], start=1):
            self.sources.pop(key[:depth], None)  # it was an empty table until now
            inner = table.get(name)
            if not isinstance(inner, dict):
                self._forget(key[:depth])
                inner = table[name] = {}
            table = inner
        if isinstance(value, Mapping):  # only ever an empty one
            if isinstance(table.get(key[-1]), dict):
                return
            value = {}
        self._forget(key)
        table[key[-1]] = value
        self.sources[key] = source

    def _forget(self, key: Key) -> None:
        for known in [known for known in self.sources if known[: len(key)] == key]:
            del self.sources[known]

    def _taken_away(self, aws: Any) -> Iterator[tuple[Key, Key]]:
        """Each key below that a layer with the table ``aws`` makes void, and the key that does it."""
        below = self.data.get("aws")
        if not isinstance(aws, Mapping) or not isinstance(below, Mapping):
            return
        way = next((name for name in _RIVALS if aws.get(name)), None)
        for name in _RIVALS[way] if way else ():
            if below.get(name) is not None and name not in aws:
                yield ("aws", name), ("aws", str(way))
