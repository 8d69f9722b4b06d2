"""What a package of a playlist says about itself: manifests, checksums, notes, contact sheet, ASC MHL."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from onepiece_core.checksums import Hasher
from onepiece_core.deliver.manifests import (
    CSV_NAME,
    JSON_NAME,
    Delivered,
    DeliveredFile,
    files_csv,
    told_delivered,
)
from onepiece_core.deliver.media import Places, read_media
from onepiece_core.deliver.model import Entry
from onepiece_core.errors import ExtraMissing
from onepiece_core.log import get_logger
from onepiece_core.manifest.mhl import FORMATS, Creator, MhlFile, build_mhl
from onepiece_core.media.probe import kind_of
from onepiece_core.naming import escaped
from onepiece_core.playlist.model import PlaylistPlan, VersionNote

log = get_logger(__name__)

SCHEMA = "onepiece.playlist.1"
SHEET_NAME = "contact_sheet.jpg"
NOTES_NAME = "notes.json"
_PIECE_BYTES = 1 << 22


def playlist_documents(plan: PlaylistPlan, delivered: Sequence[Delivered], places: Places) -> dict[str, bytes]:
    """The documents by their path in the package, the MHL last: it covers the others."""
    made = {
        JSON_NAME: _json(plan, delivered),
        CSV_NAME: files_csv(plan, delivered),
        **_notes(plan, delivered),
        **_checksums(plan, delivered),
        **_sheet(plan, delivered, places),
    }
    files = [_mhl_file(file.entry.path, file.size_bytes, file.digests) for each in delivered for file in each.files]
    for name, data in made.items():
        hasher = Hasher(("xxh128", "xxh64"))
        hasher.update(data)
        files.append(_mhl_file(name, len(data), hasher.digests()))
    at = max(each.version.created_at for each in delivered)
    return {**made, **build_mhl(plan.folder, files, at, Creator("onepiece", "onepiece", "1"))}


def without_folder(delivered: Sequence[Delivered], folder: str) -> list[Delivered]:
    """Paths as they are inside of the one folder at the top of an archive."""
    return [replace(each, files=tuple(_inside(file, folder) for file in each.files)) for each in delivered]


def _inside(file: DeliveredFile, folder: str) -> DeliveredFile:
    return replace(file, entry=replace(file.entry, path=file.entry.path.removeprefix(f"{folder}/")))


def _mhl_file(path: str, size_bytes: int, digests: Mapping[str, str]) -> MhlFile:
    return MhlFile(path, size_bytes, {name: digest for name, digest in digests.items() if name in FORMATS})


def _json(plan: PlaylistPlan, delivered: Sequence[Delivered]) -> bytes:
    told = {
        "schema": SCHEMA,
        "project": plan.project.get("name"),
        "show_code": plan.show_code,
        "playlist": plan.playlist.get("code"),
        "playlist_id": plan.playlist["id"],
        "recipient": plan.recipient,
        "hashes": list(plan.hashes),
        "files": sum(len(each.files) for each in delivered),
        "size_bytes": sum(file.size_bytes for each in delivered for file in each.files),
        "versions": [
            {
                "order": number,
                **told_delivered(each),
                "notes": [note.told() for note in plan.notes.get(each.version.id, ())],
            }
            for number, each in enumerate(delivered, 1)
        ],
    }
    return _told(told)


def _told(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode() + b"\n"


def _notes(plan: PlaylistPlan, delivered: Sequence[Delivered]) -> dict[str, bytes]:
    """One text for people a Version with notes, and all of them for machines."""
    noted = [(each.version, plan.notes[each.version.id]) for each in delivered if plan.notes.get(each.version.id)]
    if not noted:
        return {}
    told = {version.code: [note.told() for note in notes] for version, notes in noted}
    numbers = {each.version.id: _number(each) for each in delivered}
    texts = {
        f"notes/{numbers[version.id]}_{_plain(version.code)}.txt": _text(version.code, notes).encode()
        for version, notes in noted
    }
    return {NOTES_NAME: _told({"schema": "onepiece.notes.1", "versions": told}), **texts}


def _number(each: Delivered) -> str:
    """As the media is numbered."""
    return each.files[0].entry.path.partition("_")[0]


def _plain(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)


def _text(code: str, notes: Sequence[VersionNote]) -> str:
    parts = [f"Notes on {escaped(code)}\n"]
    for note in notes:
        by = f"{note.author or 'unknown'}, {note.created_at or ''}".rstrip(", ")
        parts.append(f"{escaped(note.subject)} ({escaped(by)})\n{note.content.strip()}\n")
    return "\n".join(parts)


def _checksums(plan: PlaylistPlan, delivered: Sequence[Delivered]) -> dict[str, bytes]:
    """Lists as md5sum and xxhsum read them."""
    files = [file for each in delivered for file in each.files]
    return {
        f"checksums.{name}": "".join(f"{file.digests[name]}  {file.entry.path}\n" for file in files).encode()
        for name in plan.hashes
        if name != "xxh128"  # in the MHL
    }


def _sheet(plan: PlaylistPlan, delivered: Sequence[Delivered], places: Places) -> dict[str, bytes]:
    from onepiece_core.media.contact_sheet import write_contact_sheet

    with tempfile.TemporaryDirectory(prefix="onepiece-sheet-") as folder:
        tiles = []
        for each in delivered:
            shown = [file.entry for file in each.files if kind_of(file.entry.original) != "other"]
            if shown:
                middle = shown[len(shown) // 2]
                tiles.append((_on_disk(middle, Path(folder), places), f"{_number(each)}  {each.version.code}"))
        if not tiles:
            return {}
        target = Path(folder) / SHEET_NAME
        try:
            write_contact_sheet(tiles, target, title=f"{plan.playlist.get('code')}  ({plan.show_code})")
        except ExtraMissing as error:
            log.warning("playlist.no_contact_sheet", reason=error.report.message)
            return {}
        return {SHEET_NAME: target.read_bytes()}


def _on_disk(entry: Entry, folder: Path, places: Places) -> Path:
    if entry.media.path is not None:
        return entry.media.path
    path = folder / entry.path.replace("/", "_")
    with path.open("wb") as file:
        for piece in read_media(entry.media, places, _PIECE_BYTES):
            file.write(piece)
    return path
