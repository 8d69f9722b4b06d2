"""Rows 65 to 82: what a vendor's list can do wrong, as a whole and in one of its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from onepiece_core.manifest.drop_cells import COLUMNS
from tests.corpus.row import SHOW, Rows, Spot

row = Rows()
HEAD = ",".join(COLUMNS)
UNUSABLE = "manifest.unusable"


def line(spot: Spot) -> str:
    """A sound row of the spot's one picture."""
    return f"{SHOW},ep{spot.number:03d},{spot.scene},0010,comp,1,/srv/a.exr,{spot.key}/{spot.name()}.exr,"


def one_picture(spot: Spot) -> None:
    spot.still(f"{spot.name()}.exr")


def _whole(key: str, what: str, content: Callable[[Spot], bytes], code: str | None = UNUSABLE, **more: Any) -> None:
    """A manifest that is read, or refused with all of its drop."""

    @row(key, what, code=code, verdict="ok" if code is None else "refused", manifest=content, **more)
    def make(spot: Spot) -> None:
        one_picture(spot)


def _csv(text: Callable[[Spot], str], encoding: str = "utf-8") -> Callable[[Spot], bytes]:
    return lambda spot: text(spot).encode(encoding)


def _json(text: Callable[[Spot], str]) -> Callable[[Spot], bytes]:
    return lambda spot: text(spot).encode("utf-8", "surrogatepass")


def entry(spot: Spot, **changes: Any) -> str:
    told = {"show": SHOW, "version": 1, "delivery_path": f"{spot.key}/{spot.name()}.exr"}
    return json.dumps({**told, **changes})


_whole("65", "a CSV with a mark at its start", _csv(lambda s: f"{HEAD}\n{line(s)}\n", "utf-8-sig"), None)
_whole("67", "a CSV in UTF-16", _csv(lambda s: f"{HEAD}\n{line(s)}\n", "utf-16"), None)
_whole("67b", "a CSV in cp1252", _csv(lambda s: f"{HEAD}\n{line(s)}é\n", "cp1252"))
_whole("69", "a quote that never ends", _csv(lambda s: f'{HEAD}\n"{line(s)}\n{line(s)}\n'))
_whole("71", "one header twice", _csv(lambda s: f"{HEAD},Version\n{line(s)},2\n"))
_whole("76", "an empty manifest", lambda s: b"", "manifest.empty")
_whole("76b", "a manifest of a header alone", _csv(lambda s: f"{HEAD}\n"), "manifest.empty")
_whole("77", "a key twice at the root", _json(lambda s: f'{{"files": [{entry(s)}], "files": []}}'), is_json=True)
_whole("78c", "NaN at the root", _json(lambda s: f'{{"a": NaN, "files": [{entry(s)}]}}'), is_json=True)
_whole("80", "a JSON with a mark", _json(lambda s: f'\ufeff{{"files": [{entry(s)}]}}'), None, is_json=True)
_whole("80b", "a JSON whose root is a list", _json(lambda s: f"[{entry(s)}]"), is_json=True)
_whole("80c", "a JSON without entries", lambda s: b"{}", is_json=True)
_whole("80d", "a JSON that is cut", _json(lambda s: f'{{"files": [{entry(s)}'), is_json=True)
_whole("80e", "bytes that are no text", lambda s: bytes(range(256)), is_json=True)


def _entry(key: str, what: str, code: str, text: Callable[[Spot], str]) -> None:
    """One damaged JSON entry beside a sound one."""

    def content(spot: Spot) -> bytes:
        return f'{{"files": [\n{text(spot)},\n{entry(spot)}\n]}}'.encode("utf-8", "surrogatepass")

    @row(key, what, code=code, manifest=content, is_json=True, verdict="ok")
    def make(spot: Spot) -> None:
        one_picture(spot)


_entry("77b", "a key twice in an entry", "row.duplicate_key", lambda s: '{"show": "FG", "show": "FX"}')
_entry("78", "a number that is none", "row.number", lambda s: '{"version": NaN}')
_entry("78d", "an endless number", "row.number", lambda s: '{"version": 1e999}')
_entry("78e", "a number of 5,000 digits", "row.number", lambda s: '{"version": ' + "9" * 5000 + "}")
_entry("80f", "half a surrogate pair", "row.text", lambda s: '{"show": "\\ud800"}')
_entry("80g", "an unknown field", "row.unknown_field", lambda s: entry(s, delivery_path="x.mov", colour="red"))
_entry("80h", "an entry that is no object", "row.value", lambda s: "[1, 2]")


def _cells(key: str, what: str, code: str, text: Callable[[Spot], str]) -> None:
    """One damaged CSV row beside a sound one."""

    @row(key, what, code=code, manifest=_csv(lambda s: f"{HEAD}\n{text(s)}\n{line(s)}\n"), verdict="ok")
    def make(spot: Spot) -> None:
        one_picture(spot)


_cells("68", "a newline in a path", "row.path", lambda s: 'FG,ep010,sc00,0010,comp,1,/srv/a,"a\nb.exr",')
_cells("70", "a short row", "row.short", lambda s: "FG,ep010,sc00")
_cells("70b", "a long row", "row.long", lambda s: "FG,ep010,sc00,0010,comp,1,/srv/a,x.exr,,more,and more")


def _damaged(key: str, what: str, code: str, **cells: Any) -> None:
    """A row about a picture that is refused for it."""

    @row(key, what, code=code)
    def make(spot: Spot) -> None:
        path = spot.still(f"{spot.name()}.exr")
        spot.says(path, **cells)
        spot.blame(path)


def _told(key: str, what: str, code: str | None, **cells: Any) -> None:
    """A row about a picture that is taken in spite of it."""

    @row(key, what, code=code, verdict="ok")
    def make(spot: Spot) -> None:
        path = spot.still(f"{spot.name()}.exr")
        spot.says(path, **cells)
        spot.blame(path)


_told("73", "a version that a spreadsheet has shortened", None, version="1")
_told("73b", "a version as people write it", None, version="v001")
_damaged("74", "a shot that a spreadsheet has shortened", "row.excel_damaged", shot="10")
_damaged("74b", "an episode that became a date", "row.excel_damaged", episode="10-Mar")
_damaged("74c", "a code that became a number", "row.excel_damaged", shot="1.23E+10")
_damaged("74d", "a code that became another number", "row.excel_damaged", shot="1E5")
_told("75", "a formula", "row.formula", description="=cmd|' /C calc'!A0")
_told("75b", "a sum", "row.formula", artist="+1+1")
_damaged("81", "a wrong checksum", "checksum.mismatch", checksum="md5:" + "0" * 32)
_told("81b", "an md5 of eight digits", "checksum.length", checksum="md5:deadbeef")
_damaged("81c", "a checksum that is no hexadecimal", "checksum.invalid", checksum="md5:" + "z" * 32)
_damaged("81d", "sixteen digits of nobody knows what", "checksum.ambiguous", checksum="0" * 16)
_damaged("82", "the show in another case", "show.case", show="Fg")
_damaged("82b", "another show", "show.other", show="XY")
_damaged("82c", "another version than the file's", "row.mismatch", version="2")


@row("81e", "the right checksum, in capitals and without a name", verdict="ok")
def right_checksum(spot: Spot) -> None:
    for version, form in ((1, "MD5:{}"), (2, "{}")):
        path = spot.still(f"{spot.name(version)}.exr")
        digest = hashlib.sha1 if form == "{}" else hashlib.md5
        spot.says(path, version=str(version), checksum=form.format(digest(path.read_bytes()).hexdigest().upper()))


@row("82d", "two rows of one path", code="row.duplicate")
def two_rows(spot: Spot) -> None:
    path = spot.still(f"{spot.name()}.exr")
    spot.says(path)
    spot.says(path, description="once more")
    spot.blame(path)


@row("82e", "one version with two contents", code="version.conflict")
def two_contents(spot: Spot) -> None:
    one, other = (spot.still(f"{folder}/{spot.name()}.exr") for folder in ("a", "b"))
    other.write_bytes(spot.still("c/x.exr").read_bytes())
    (spot.folder / "c/x.exr").unlink()
    spot.blame(one, other)


@row("82f", "a row without its file", code="file.missing")
def no_file(spot: Spot) -> None:
    spot.frames()
    spot.says(f"{spot.key}/{spot.name()}.mov")


@row("82g", "a file without its row", verdict="ok", code="file.unlisted")
def no_row(spot: Spot) -> None:
    spot.says(spot.still(f"{spot.name()}.exr"))
    path = spot.still(f"{spot.name(2)}.exr")
    spot.blame(path)


def _version(key: str, what: str, code: str, verdict: Any, there: int) -> None:
    @row(key, what, code=code, verdict=verdict)
    def make(spot: Spot) -> None:
        spot.blame(spot.still(f"{spot.name(2)}.exr"))
        path = f"s3://elsewhere/{spot.name(there)}.exr"
        spot.tracked.append(("Version", {"code": spot.name(there), "sg_path_to_frames": path}))


_version("82h", "a version that is there with other content", "version.exists", "refused", 2)
_version("82i", "a version that goes back", "version.regress", "ok", 5)


_whole(
    "81f",
    "a checksum of an algorithm that nobody knows",
    _csv(lambda s: f"{HEAD}\n{line(s)}crc33:00\n"),
    "checksum.unknown",
)
