"""Tables laid over each other, each value with the place it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Key = tuple[str, ...]

# Two ways to sign in to AWS: the keys of one layer must never meet a profile or a token of another.
_KEYS = ("access_key_id", "secret_access_key", "session_token")


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
        self._drop_rivals(data.get("aws"))
        for key, value in leaves(data):
            self._set(key, value, source if isinstance(source, str) else source[key])

    def _set(self, key: Key, value: Any, source: str) -> None:
        table = self.data
        for depth, name in enumerate(key[:-1], start=1):
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

    def _drop_rivals(self, aws: Any) -> None:
        if not isinstance(aws, Mapping):
            return
        names: Key
        if aws.get("access_key_id"):
            names = (*_KEYS, "profile")
        elif aws.get("profile"):
            names = _KEYS
        else:
            return
        below = self.data.get("aws")
        for name in names:
            if isinstance(below, dict):
                below.pop(name, None)
            self._forget(("aws", name))
