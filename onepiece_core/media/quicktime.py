"""MOV and MP4, atom by atom (ISO/IEC 14496-12), with the standard library alone.

The header of a movie that was cut still counts every frame. So the place of each sample is computed from the tables
and compared with the size of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from onepiece_core.media._reader import Reader
from onepiece_core.media.facts import MediaFacts

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"})
# Of the table of colour primaries (ISO/IEC 23091-2).
_PRIMARIES = {1: "rec709", 9: "rec2020", 11: "p3", 12: "p3"}
# A picture's sample entry before its own atoms.
_ENTRY_BYTES = 86
# Two days of film; more is damage.
_MAX_SAMPLES = 5_000_000
_PLAIN_RATE = 1 << 16


@dataclass(frozen=True, slots=True)
class _Atom:
    kind: bytes
    start: int  # of its content
    end: int


@dataclass(frozen=True, slots=True)
class _Track:
    handler: bytes
    codec: str
    width: int
    height: int
    durations: tuple[tuple[int, int], ...]  # (count, ticks)
    timescale: int
    sample_ends: tuple[int, ...]
    colour_space: str | None = None
    edits: tuple[tuple[int, int, int], ...] = ()  # (length in the movie's ticks, start in the track's, rate 16.16)


def probe_quicktime(reader: Reader) -> MediaFacts:
    """The facts of a whole movie. Raises MediaTruncated, MediaError."""
    atoms = list(_atoms(reader, 0, reader.size_bytes, top=True))
    cut = next((atom for atom in atoms if atom.end > reader.size_bytes), None)
    movie = next((atom for atom in atoms if atom.kind == b"moov" and atom is not cut), None)
    if movie is None:
        raise reader.truncated("it has no moov atom, so the export or copy never ended")
    try:
        tracks = [_track(reader, atom) for atom in _atoms(reader, movie.start, movie.end) if atom.kind == b"trak"]
    except (struct.error, IndexError, ValueError) as cause:
        raise reader.invalid("its movie header is damaged") from cause
    video = next((track for track in tracks if track.handler == b"vide"), None)
    if video is None:
        raise reader.invalid("it has no picture track")
    if any(atom.kind == b"moof" for atom in atoms):
        return _fragmented(reader, video, tracks)
    _check_samples(reader, video, cut)
    return _facts(reader, video, tracks, _timescale(reader, movie))


def _timescale(reader: Reader, movie: _Atom) -> int:
    """Of the movie, whose ticks edit lists count; 0 where it does not say."""
    header = next((atom for atom in _atoms(reader, movie.start, movie.end) if atom.kind == b"mvhd"), None)
    if header is None or header.end - header.start < 24:
        return 0
    data = reader.at(header.start, 24, "the movie header")
    return int(struct.unpack_from(">I", data, 20 if data[0] else 12)[0])


def _is_edited(video: _Track, ticks: int, movie_timescale: int) -> bool:
    """Whether the edit list shows other frames, or others in time, than the track holds.

    One edit that starts late by what reordered frames need shows them all.
    """
    if not video.edits:
        return False
    length, start, rate = video.edits[0]
    if len(video.edits) > 1 or start < 0 or rate != _PLAIN_RATE:
        return True
    frame = ticks / max(1, sum(count for count, _ in video.durations))
    shown = Fraction(length * video.timescale, movie_timescale) if movie_timescale else ticks
    return bool(length and shown < ticks - frame)


def _check_samples(reader: Reader, video: _Track, cut: _Atom | None) -> None:
    expected = len(video.sample_ends)
    if not expected:
        raise reader.invalid("it has no frames")
    there = sum(end <= reader.size_bytes for end in video.sample_ends)
    if there < expected or cut is not None:
        raise reader.truncated(
            f"{expected} frames expected, {there} complete", frames_expected=expected, frames_complete=there
        )


def _facts(reader: Reader, video: _Track, tracks: list[_Track], movie_timescale: int) -> MediaFacts:
    frames = sum(count for count, _ in video.durations)
    ticks = sum(count * each for count, each in video.durations)
    # The last frame may be held shorter or longer by some writers.
    lengths = {each for _, each in (video.durations[:-1] or video.durations)}
    fps = Fraction(frames * video.timescale, ticks) if ticks else None
    if len(lengths) == 1 and (each := lengths.pop()):
        fps, lengths = Fraction(video.timescale, each), set()
    return MediaFacts(
        kind="movie",
        size_bytes=reader.size_bytes,
        width=video.width,
        height=video.height,
        fps=fps,
        frames=frames,
        codec=video.codec,
        has_timecode=any(track.handler == b"tmcd" for track in tracks),
        variable_rate=len(lengths) > 1,
        has_edits=_is_edited(video, ticks, movie_timescale),
        colour_space=video.colour_space,
    )


def _fragmented(reader: Reader, video: _Track, tracks: list[_Track]) -> MediaFacts:
    """Its frames are counted in its fragments: only its header is told here."""
    return MediaFacts(
        kind="movie",
        size_bytes=reader.size_bytes,
        width=video.width,
        height=video.height,
        codec=video.codec,
        has_timecode=any(track.handler == b"tmcd" for track in tracks),
    )


def _atoms(reader: Reader, start: int, end: int, *, top: bool = False) -> Iterator[_Atom]:
    while start + 8 <= end:
        size, kind = struct.unpack(">I4s", reader.at(start, 8, "an atom"))
        head = 8
        if size == 1:
            size, head = int.from_bytes(reader.at(start + 8, 8, "an atom"), "big"), 16
        elif size == 0:
            if not top:
                return  # four bytes of zero end some old lists
            size = end - start
        if size < head or (start + size > end and not top):
            raise reader.invalid(f"its atom {kind.decode('latin-1')!r} is damaged")
        yield _Atom(kind, start + head, start + size)
        start += size


def _track(reader: Reader, track: _Atom) -> _Track:
    found: dict[bytes, _Atom] = {}
    for atom in _below(reader, track):
        found.setdefault(atom.kind, atom)  # a second hdlr, deeper down, is QuickTime's data handler
    handler = _content(reader, found, b"hdlr")[8:12]
    header = _content(reader, found, b"mdhd")
    timescale = struct.unpack_from(">I", header, 20 if header[0] else 12)[0]
    if handler != b"vide":
        return _Track(handler, "", 0, 0, (), timescale, ())
    entry = _content(reader, found, b"stsd")[8:]
    width, height = struct.unpack_from(">HH", entry, 32)
    times = _content(reader, found, b"stts")
    durations = tuple(struct.unpack_from(">II", times, 8 + 8 * i) for i in range(_count(times)))
    codec = entry[4:8].decode("latin-1").strip()
    ends = tuple(_sample_ends(reader, found))
    edits = _edits(_content(reader, found, b"elst")) if b"elst" in found else ()
    return _Track(handler, codec, width, height, durations, timescale, ends, _colour_space(entry), edits)


def _edits(table: bytes) -> tuple[tuple[int, int, int], ...]:
    form, size = (">Qqi", 20) if table[0] else (">Iii", 12)
    return tuple(struct.unpack_from(form, table, 8 + size * i) for i in range(min(_count(table), 1000)))


def _colour_space(entry: bytes) -> str | None:
    """By the ``colr`` atom behind the fixed part of a sample entry."""
    start = _ENTRY_BYTES
    while start + 8 <= len(entry):
        size, kind = struct.unpack_from(">I4s", entry, start)
        if size < 8:
            break
        if kind == b"colr" and entry[start + 8 : start + 12] in (b"nclx", b"nclc") and start + 14 <= len(entry):
            return _PRIMARIES.get(struct.unpack_from(">H", entry, start + 12)[0])
        start += size
    return None


def _below(reader: Reader, parent: _Atom) -> Iterator[_Atom]:
    for atom in _atoms(reader, parent.start, parent.end):
        yield atom
        if atom.kind in _CONTAINERS:
            yield from _below(reader, atom)


def _content(reader: Reader, found: dict[bytes, _Atom], kind: bytes) -> bytes:
    atom = found.get(kind)
    if atom is None:
        raise ValueError(f"no {kind!r}")
    return reader.at(atom.start, atom.end - atom.start, "the movie header")


def _count(table: bytes) -> int:
    return int(struct.unpack_from(">I", table, 4)[0])


def _sample_ends(reader: Reader, found: dict[bytes, _Atom]) -> Iterator[int]:
    """Where each sample ends in the file, from its size, its chunk and the chunk's place."""
    sizes = _content(reader, found, b"stsz")
    fixed, count = struct.unpack_from(">II", sizes, 4)
    if count > _MAX_SAMPLES:
        raise ValueError("too many samples")
    every = (fixed,) * count if fixed else struct.unpack_from(f">{count}I", sizes, 12)
    wide = b"co64" in found
    places = _content(reader, found, b"co64" if wide else b"stco")
    starts = struct.unpack_from(f">{_count(places)}{'Q' if wide else 'I'}", places, 8)
    runs_table = _content(reader, found, b"stsc")
    runs = [struct.unpack_from(">II", runs_table, 8 + 12 * i) for i in range(_count(runs_table))]
    sample, run = 0, 0
    for chunk, start in enumerate(starts, 1):
        while run + 1 < len(runs) and runs[run + 1][0] <= chunk:
            run += 1
        end = start
        for size in every[sample : sample + runs[run][1]]:
            end += size
            yield end
        sample += runs[run][1]
