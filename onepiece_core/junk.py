"""Names that operating systems, browsers and copy tools leave behind."""

from __future__ import annotations

_JUNK_NAMES = frozenset({"thumbs.db", "desktop.ini", "icon\r", "__macosx"})
_JUNK_ENDINGS = (".part", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", "~")


def is_junk(name: str) -> bool:
    """Hidden and temporary files: never published, never taken in, always listed."""
    return name.startswith(".") or name.lower() in _JUNK_NAMES or name.lower().endswith(_JUNK_ENDINGS)
