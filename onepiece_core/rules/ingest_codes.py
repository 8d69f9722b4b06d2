"""Everything that can be said about a drop: one stable code each, with how grave it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from onepiece_core.ingest.model import Problem

Severity = Literal["error", "warning", "skipped"]


@dataclass(frozen=True, slots=True)
class Code:
    """``error`` refuses the item, ``warning`` is told, ``skipped`` leaves the file out.

    Attributes:
        asks: what a sound drop has, for the reference.
        is_fixed: no preset may change the severity.
    """

    severity: Severity
    asks: str
    hint: str | None = None
    is_fixed: bool = False


def _fixed(asks: str, hint: str | None = None, severity: Severity = "error") -> Code:
    return Code(severity, asks, hint, is_fixed=True)


def _warns(asks: str, hint: str | None = None) -> Code:
    return Code("warning", asks, hint)


def _refuses(asks: str, hint: str | None = None) -> Code:
    return Code("error", asks, hint)


_AGAIN = "Ask the vendor to deliver the file again."
_RENAME = "Rename the file, in the drop and in the manifest."

FILES: Mapping[str, Code] = {
    "link.loop": _fixed("no link leads back to itself", "Deliver the file itself."),
    "link.broken": _fixed("no link leads nowhere", "Deliver the file itself."),
    "link.outside": _fixed("no link points outside of the drop", "Deliver the file itself."),
    "link.back": _fixed("no link leads back to a folder that it lies in", severity="skipped"),
    "link.folder": _fixed("no link stands for a folder: its files are taken where they are", severity="skipped"),
    "folder.unreadable": _fixed("every folder can be read", "Give yourself the right to read it, then run this again."),
    "file.unreadable": _fixed("every file can be read", "Give yourself the right to read it, then run this again."),
    "file.special": _fixed("everything is a file: no pipe, socket or device"),
    "file.changing": _fixed("no file changes while it is looked at", "Wait until the transfer of the drop has ended."),
    "file.temporary": _fixed("no hidden or temporary file is delivered", severity="skipped"),
    "file.mhl": _fixed("the ASC MHL history is read, not taken in", severity="skipped"),
    "file.manifest": _fixed("the manifest is read, not taken in", severity="skipped"),
    "file.document": _fixed("a document outside of the manifest becomes no Version", severity="skipped"),
    "file.same": _warns("no file is delivered under two names"),
    "archive.refused": _fixed("no archive is delivered: nothing is unpacked", "Ask for the plain files."),
}

NAMES: Mapping[str, Code] = {
    "name.empty": _fixed("every name holds something", _RENAME),
    "name.not_utf8": _fixed("names are UTF-8", _RENAME),
    "name.too_long": _fixed("a name has at most 255 bytes", _RENAME),
    "name.control": _fixed("names hold no control characters", _RENAME),
    "name.forbidden": _fixed("names hold nothing that Windows forbids", _RENAME),
    "name.trailing": _fixed("names do not end with a dot or a space", _RENAME),
    "name.reserved": _fixed("no name is a device on Windows", _RENAME),
    "name.collision": _fixed("no two names are one on macOS and Windows", _RENAME),
    "name.two_versions": _refuses("a name holds one version", _RENAME),
    "name.version": _refuses("versions start at 1", _RENAME),
    "name.convention": _refuses("names follow the show's convention, or the manifest tells the shot", _RENAME),
    "name.normalised": _warns("names and manifest spell accents in one way"),
    "name.characters": _refuses("names hold the characters that the preset allows", _RENAME),
    "name.form": _refuses("names have the form that the preset asks for", _RENAME),
    "path.too_long": _warns("paths fit into 260 characters at the client", "Shorten names or folders."),
    "show.case": _refuses("the show code is written as --show-code is", _RENAME),
    "show.other": _refuses("everything is of the show that was named", "Check --show-code."),
}

MANIFEST: Mapping[str, Code] = {
    "manifest.unusable": _fixed("the manifest can be read as a whole", "Correct the manifest, then run this again."),
    "manifest.empty": _fixed("the manifest holds entries"),
    "manifest.column": _warns("every column of the manifest is known", "Name it in a mapping preset."),
    "row.short": _fixed("a row has as many cells as the header"),
    "row.long": _fixed("a row has as many cells as the header"),
    "row.value": _fixed("the cells of a row hold what they must"),
    "row.unknown_field": _refuses("every field of an entry is known", "Name it in a mapping preset."),
    "row.duplicate_key": _fixed("no key is twice in an entry"),
    "row.number": _fixed("numbers are finite and not too long"),
    "row.text": _fixed("texts are whole Unicode", "Write the entry again."),
    "row.path": _fixed("the delivery path is a plain relative path inside of the drop"),
    "row.version": _fixed("the version is a whole number from 1 to 9999"),
    "row.excel_damaged": _fixed("no spreadsheet has rewritten a code", "Format the column as text and fill it again."),
    "row.formula": _warns("no cell starts like a formula"),
    "row.frames": _fixed("frames are written as 1001-1010,1015"),
    "row.duplicate": _fixed("every path is in one row", "Keep the row that is right."),
    "row.ambiguous": _fixed("a path names one file", "Write the path with its folders."),
    "row.mismatch": _fixed("the manifest and the file's name tell the same", "Find out which of the two is right."),
    "file.missing": _fixed("every row has its file", "Ask for the file, or for a manifest without it."),
    "file.unlisted": _warns("every file is in the manifest"),
    "checksum.mismatch": _fixed("every file has the checksum that was given", _AGAIN),
    "checksum.unknown": _fixed("checksums are of a known algorithm: this one stops the run"),
    "checksum.invalid": _fixed("checksums are hexadecimal digits"),
    "checksum.ambiguous": _fixed("a checksum names its algorithm", "Write it as md5:... or xxh64:..."),
    "checksum.length": _warns("a checksum has the length of its algorithm: this one cannot be checked"),
    "checksum.pattern": _warns("a checksum is of one file: that of a sequence cannot be checked"),
    "mhl.invalid": _fixed("the drop's ASC MHL is sound", "Ask for the drop, or its ascmhl folder, again."),
    "mhl.missing": _fixed("every file of the ASC MHL is there", "Ask for the files that are missing."),
    "mhl.mismatch": _fixed("every file is as the ASC MHL says", _AGAIN),
    "mhl.unlisted": _warns("every file is in the ASC MHL"),
    "mhl.unchecked": _warns("the ASC MHL holds a hash that can be checked"),
}

SEQUENCES: Mapping[str, Code] = {
    "sequence.doubled": _fixed("no frame is there twice, with two paddings", "Keep one of the two files."),
    "sequence.gaps": _refuses("no frame is missing", "Ask for the frames, or use --allow-missing."),
    "sequence.missing": _refuses("every frame that the manifest names is there", "Ask for the frames."),
    "sequence.sub_frames": _warns("frames are whole numbers"),
    "frames.negative": _warns("frame numbers are not negative"),
    "cut.range": _warns("the frames hold the shot's cut", "Ask for the frames that the cut needs."),
    "cut.fps": _warns("movies and frames run at the shot's rate"),
    "cut.resolution": _warns("pictures have the shot's resolution"),
    "shot.unknown": _warns("the tracker knows the shot", "The Version is made without a shot."),
    "view.missing": _warns("a left view comes with its right one"),
    "view.range": _warns("both views have the same frames"),
}

MEDIA: Mapping[str, Code] = {
    "media.empty": _fixed("no file is empty", _AGAIN),
    "media.truncated": _fixed("no file is cut short", _AGAIN),
    "media.invalid": _fixed("every file is what its name says, and sound", _AGAIN),
    "media.mixed_resolution": _warns("all frames of a sequence have one resolution"),
    "media.mixed_channels": _warns("all frames of a sequence have one set of channels"),
    "media.mixed_pixel_type": _warns("all frames of a sequence have one pixel type"),
    "media.mixed_compression": _warns("all frames of a sequence have one compression"),
    "media.mixed_pixel_aspect": _warns("all frames of a sequence have one pixel aspect"),
    "media.overscan": _warns("frames hold no pixels outside of the picture"),
    "media.variable_rate": _warns("the frames of a movie last equally long"),
    "media.edited": _warns("a movie's edit list shows every frame, one after the other"),
    "media.timecode_jumps": _warns("the timecode inside of frames runs with their numbers"),
    "media.frame_number": _warns("the frame number inside of a file is that of its name"),
    "media.colour_space": _warns("name and file tell one colour space"),
    "media.timecode": _warns("a movie has a timecode, where the preset asks for it"),
    "media.resolution": _refuses("the resolution is one that the preset allows"),
    "media.divisible": _refuses("width and height can be divided as the preset asks"),
    "media.fps": _refuses("the rate is one that the preset allows"),
    "media.codec": _refuses("the codec is one that the preset allows"),
    "media.container": _refuses("the kind of file is one that the preset allows"),
    "media.pixel_type": _refuses("the pixels are of a type that the preset allows"),
    "media.compression": _refuses("the compression is one that the preset allows"),
    "media.compression_lossy": _warns("the compression is not one that the preset warns of"),
    "media.alpha": _refuses("there is an alpha channel, where the preset asks for it"),
    "media.black": _warns("no frame is black or of one colour, where the preset looks at pixels"),
    "media.not_finite": _warns("no pixel is NaN or infinite, where the preset looks at pixels"),
}

VERSIONS: Mapping[str, Code] = {
    "version.conflict": _fixed("one version has one content", "Find out which of the two is right."),
    "version.duplicate": _warns("no version is in the drop twice"),
    "version.exists": _refuses("the tracker does not have the version with other content", "Ask for the next version."),
    "version.there": _warns("the tracker does not have the version yet"),
    "version.regress": _warns("the version is the latest", "Find out whether an old version is meant."),
    "delivery.duplicate": _warns("the content was not delivered before"),
}

DESTINATION: Mapping[str, Code] = {
    "destination.same": _fixed("the object is not there yet: the same bytes are not sent again", severity="skipped"),
    "destination.differs": _fixed(
        "no other object has the file's key: none is ever overwritten", "Ask for the next version, or for another name."
    ),
    "item.incomplete": _fixed(
        "all files of a sequence arrive: else it becomes no Version", "Run the same command again: it goes on."
    ),
}

CODES: Mapping[str, Code] = {**FILES, **NAMES, **MANIFEST, **SEQUENCES, **MEDIA, **VERSIONS, **DESTINATION}


def found(
    code: str,
    message: str,
    *,
    hint: str | None = None,
    line: int | None = None,
    frames: str | None = None,
    **context: Any,
) -> Problem:
    """A problem with the severity and the hint of its code. KeyError for a code that is not in :data:`CODES`."""
    known = CODES[code]
    return Problem(
        code=code,
        severity=known.severity,
        message=message,
        hint=hint or known.hint,
        line=line,
        frames=frames,
        context=context,
    )
