"""The two orders in which servers list keys.

AWS lists by the keys' bytes (``a-b`` before ``a/b``), SeaweedFS folder by folder (``a/b`` before ``a-b``). UTF-8 sorts
as its code points do, so that texts are compared as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _by_bytes(path: str) -> str:
    return path


def _by_folders(path: str) -> str:
    # Less than any character of a name: the parts are compared one after the other.
    return path.replace("/", "\0")


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """``key`` gives what is compared."""

    name: str
    key: Callable[[str], str]


BY_BYTES = Order("bytes", _by_bytes)
BY_FOLDERS = Order("folders", _by_folders)
