"""Find the files of a Version: on disk, else in a bucket, where its paths say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from stat import S_ISREG
from typing import Any
from urllib.parse import unquote, urlsplit

from onepiece_core.checksums import Stamp
from onepiece_core.config.models import AwsSettings
from onepiece_core.deliver.model import MediaFile, MediaKind, MediaPlace
from onepiece_core.errors import InputMissing, InputRefused, SequenceError
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.places import ContextPlace, is_s3_uri, parse_s3_uri
from onepiece_core.storage.store import Store

FIELDS: Mapping[MediaKind, str] = {"frames": "sg_path_to_frames", "movie": "sg_path_to_movie"}
# How paths write a frame: %04d, ####, $F4, <UDIM>. A doubled percent sign is one in the name.
_NUMBER = re.compile(r"%%|%0?(\d*)d|(#+)|\$F(\d?)|<UDIM>")
# A Version of a workfile names it instead of frames.
_SCENES = frozenset(["ma", "mb", "nk", "nknc", "hip", "hiplc", "hipnc", "blend"])


@dataclass(slots=True)
class Places:
    """Where media may lie. Stores are opened when they are asked for.

    Attributes:
        publish_bucket: bucket or context that publishes are sent to.
    """

    aws: AwsSettings
    contexts: Mapping[str, ContextPlace] = field(default_factory=dict)
    roots: Mapping[str, Path] = field(default_factory=dict)
    publish_bucket: str | None = None
    _stores: dict[str, Store] = field(default_factory=dict)

    def store(self, bucket: str) -> Store:
        if bucket not in self._stores:
            self._stores[bucket] = open_store(bucket, self.aws)
        return self._stores[bucket]

    def local(self, text: str) -> Path | None:
        """An absolute path, a ``file://`` URL or ``root:relative``; None for anything else."""
        if text.startswith("file://"):
            return Path(unquote(urlsplit(text).path))
        root, colon, rest = text.partition(":")
        if colon and root in self.roots and ".." not in Path(rest).parts:
            return self.roots[root] / rest
        path = Path(text)
        return path if path.is_absolute() else None

    def close(self) -> None:
        for store in self._stores.values():
            close = getattr(store, "close", None)
            if close is not None:
                close()


def find_media(version: Mapping[str, Any], kind: MediaKind, places: Places) -> MediaPlace | None:
    """The files behind one of a Version's paths; None where it names none.

    Raises:
        InputMissing: nothing is there.
        InputRefused: the path is no media's.
        SequenceError: a frame is there twice.
        UsageError, StorageError: the bucket cannot be asked.
    """
    told = str(version.get(FIELDS[kind]) or "").strip()
    if not told or (kind == "frames" and is_scene(told)):
        return None
    return media_at(told, kind, places)


def is_scene(name: str) -> bool:
    return name.rpartition(".")[2].lower() in _SCENES


def media_at(told: str, kind: MediaKind, places: Places) -> MediaPlace:
    """The files that a path, a pattern or a URI names. Raises what :func:`find_media` raises."""
    files = _in_bucket(told, places) if is_s3_uri(told) else _on_disk(told, places)
    return MediaPlace(kind, told, files)


def _on_disk(told: str, places: Places) -> tuple[MediaFile, ...]:
    path = places.local(told)
    if path is None:
        raise InputRefused(f"{told!r} is no absolute path", path=told)
    expression = frame_expression(path.name)
    if expression is None:
        return (_local_file(path),)
    try:
        names = [each.name for each in path.parent.iterdir()]
    except OSError as cause:
        raise InputMissing(f"{path.parent} cannot be read: {cause.strerror}", path=told) from cause
    return tuple(_local_file(path.parent / name, frame) for frame, name in _frames(told, expression, names))


def _local_file(path: Path, frame: int | None = None) -> MediaFile:
    try:
        status = path.stat()
    except (OSError, ValueError) as cause:
        raise InputMissing(f"{path} is not there", path=str(path)) from cause
    if not S_ISREG(status.st_mode):
        raise InputRefused(f"{path} is no regular file", path=str(path))
    return MediaFile(path.name, status.st_size, frame, path=path, stamp=Stamp.of(status))


def _in_bucket(told: str, places: Places) -> tuple[MediaFile, ...]:
    folder, _, name = told.rpartition("/")
    place = parse_s3_uri(folder, places.contexts)
    store = places.store(place.bucket)
    expression = frame_expression(name)
    if expression is None:
        info = store.find(place.key(name))
        if info is None:
            raise InputMissing(f"{told} is not there", path=told)
        return (MediaFile(name, info.size_bytes, None, bucket=place.bucket, key=info.key, etag=info.etag),)
    prefix = place.key("")
    found = {info.key[len(prefix) :]: info for info in store.iter_objects(prefix) if "/" not in info.key[len(prefix) :]}
    return tuple(
        MediaFile(each, found[each].size_bytes, frame, bucket=place.bucket, key=found[each].key, etag=found[each].etag)
        for frame, each in _frames(told, expression, found)
    )


def _frames(told: str, expression: re.Pattern[str], names: Iterable[str]) -> list[tuple[int, str]]:
    frames: dict[int, str] = {}
    for name in sorted(names):
        match = expression.fullmatch(name)
        if match is None:
            continue
        frame = int(match["frame"])
        if frame in frames:
            raise SequenceError(f"frame {frame} is there twice: {frames[frame]!r} and {name!r}", path=told)
        frames[frame] = name
    if not frames:
        raise InputMissing(f"{told} has no frames", path=told)
    return sorted(frames.items())


def frame_expression(name: str) -> re.Pattern[str] | None:
    """What the files of a pattern are called; None where ``name`` is one file's own."""
    parts: list[str] = []
    end = numbers = 0
    for match in _NUMBER.finditer(name):
        parts.append(re.escape(name[end : match.start()]))
        end = match.end()
        if match[0] == "%%":
            parts.append("%")
            continue
        numbers += 1
        width = int(match[1] or match[3] or 0) or len(match[2] or "") or (4 if match[0] == "<UDIM>" else 1)
        parts.append(rf"(?P<frame>-?\d{{{max(1, width)},}})" if numbers == 1 else r"(?P=frame)")
    if not numbers:
        return None
    return re.compile("".join(parts) + re.escape(name[end:]), re.ASCII)


def read_media(
    media: MediaFile, places: Places, piece_bytes: int, buffers: Sequence[memoryview] = ()
) -> Iterator[memoryview]:
    """The bytes of a file, once, in pieces that are good until the next one is asked for.

    Args:
        buffers: filled in turn where a file on disk is read: a piece is good for as many turns as there are buffers.

    Raises: what :func:`~onepiece_core.checksums.hash_file` raises; SourceChanged; StorageError.
    """
    if media.path is None:
        yield from (memoryview(piece) for piece in places.store(media.bucket).iter_bytes(media.key))
        return
    from onepiece_core.checksums import check_unchanged, open_checked

    with open_checked(media.path, True, media.stamp) as (descriptor, before), closing(_Reader(descriptor)) as reader:
        turns = cycle(buffers or [memoryview(bytearray(min(piece_bytes, before.st_size + 1)))])
        buffer = next(turns)
        while count := reader.into(buffer):
            yield buffer[:count]
            buffer = next(turns)
        check_unchanged(media.path, descriptor, before, True)


class _Reader:
    """Reads a descriptor that somebody else closes."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(os.dup(descriptor), "rb", buffering=0)

    def into(self, buffer: memoryview) -> int:
        return self._file.readinto(buffer) or 0

    def close(self) -> None:
        self._file.close()
