"""Text compared without case, the way a database does it: letter by letter.

Each letter stands for one letter (``ß`` is not ``ss``), and none outside ASCII becomes one inside: what is asked in
ASCII means the same whether SQLite's own NOCASE answers it (from an index) or the function here.
"""

from __future__ import annotations

# A letter with two small forms.
_SAME = {"\N{GREEK SMALL LETTER FINAL SIGMA}": "\N{GREEK SMALL LETTER SIGMA}"}


def folded(text: str) -> str:
    """``text`` in small letters; never longer or shorter than it was."""
    if text.isascii():
        return text.lower()
    return "".join(map(_small, text))


def _small(letter: str) -> str:
    small = letter.lower()
    if len(small) != 1 or (small.isascii() and not letter.isascii()):
        return letter  # İ and the sign for kelvin
    return _SAME.get(small, small)
