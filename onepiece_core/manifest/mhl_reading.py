"""Read ASC MHL v2, ours and other tools'."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from onepiece_core.errors import ManifestError
from onepiece_core.manifest.mhl import FORMATS, MhlFile


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One generation as the chain names it."""

    number: int
    name: str
    c4: str


def read_generation(data: bytes, *, where: str) -> tuple[MhlFile, ...]:
    """The files of one ``.mhl``; folder hashes are left out. Raises ManifestError."""
    found = []
    for element in _elements(data, "hash", "hashlist", where):
        path = next((child for child in element if _tag(child) == "path"), None)
        if path is None or not path.text:
            raise ManifestError(f"{where} lists a file without a path", path=where)
        try:
            size = int(path.get("size", ""))
        except ValueError as cause:
            raise ManifestError(f"{where} tells no size of {path.text!r}", path=where) from cause
        hashes = {_tag(child): (child.text or "").strip() for child in element if _tag(child) in FORMATS}
        found.append(MhlFile(path.text, size, hashes))
    return tuple(found)


def read_chain(data: bytes, *, where: str) -> tuple[ChainEntry, ...]:
    """The generations that ``ascmhl_chain.xml`` names. Raises ManifestError."""
    found = []
    for element in _elements(data, "hashlist", "ascmhldirectory", where):
        texts = {_tag(child): (child.text or "").strip() for child in element}
        number = element.get("sequencenr", "")
        if not number.isdecimal() or not texts.get("path") or not texts.get("c4"):
            raise ManifestError(f"{where} names a generation without number, path or C4 id", path=where)
        found.append(ChainEntry(int(number), texts["path"], texts["c4"]))
    return tuple(found)


def _elements(data: bytes, tag: str, root: str, where: str) -> Iterator[ElementTree.Element]:
    # No MHL has one, and it is the door of every attack on an XML parser.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ManifestError(f"{where} holds a document type: it is no ASC MHL", path=where)
    depth = 0
    try:
        for event, element in ElementTree.iterparse(io.BytesIO(data), events=("start", "end")):  # noqa: S314 - see above
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 1 and _tag(element) != root:
                raise ManifestError(f"{where} is no ASC MHL: its root is {_tag(element)!r}", path=where)
            if event == "end" and _tag(element) == tag and depth:
                yield element
                element.clear()
    except ElementTree.ParseError as cause:
        raise ManifestError(f"{where} is no sound XML: {cause}", path=where) from cause
    except (ValueError, LookupError) as cause:  # an encoding that does not exist
        raise ManifestError(f"{where} is no sound XML: {cause}", path=where) from cause


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
