"""Plan a delivery: which Versions, which of their files, and under which names. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from onepiece_core.checksums import Hasher
from onepiece_core.deliver.media import Places, read_media
from onepiece_core.deliver.model import DeliverRequest, DeliveryPlan, MediaFile, MediaPlace, PlannedVersion, Problem
from onepiece_core.deliver.naming import Namer, refuse_bad_names
from onepiece_core.deliver.presets import DeliveryPreset, load_preset
from onepiece_core.deliver.published import Published
from onepiece_core.deliver.recorded import find_recorded
from onepiece_core.deliver.select import find_approved, planned, show_code_of
from onepiece_core.deliver.upstream import Upstream, load_upstream
from onepiece_core.errors import (
    InputMissing,
    ManifestError,
    MediaError,
    NameInvalid,
    ObjectMissing,
    OnePieceError,
    PublishError,
    SequenceError,
    UsageError,
)
from onepiece_core.frames import format_spans, gaps
from onepiece_core.media.probe import kind_of, probe_all
from onepiece_core.naming import check_show_code
from onepiece_core.progress import Progress, Reporter
from onepiece_core.sequences import split_extension
from onepiece_core.storage.places import resolve_bucket
from onepiece_core.tracker.placing import find_project
from onepiece_core.tracker.tracker import Tracker

OPERATION = "deliver"
HASHES = ("xxh128", "xxh64")
_PIECE_BYTES = 1 << 22


def plan_delivery(
    request: DeliverRequest, tracker: Tracker, places: Places, *, reporter: Reporter | None = None
) -> DeliveryPlan:
    """Choose and check. Media is found and measured; its bytes are not read.

    Raises:
        TrackerError, ConfigError (the preset), NameInvalid (the naming), UsageError (the context, a status).
        InputMissing, InputUnreadable, ManifestError: an upstream manifest.
    """
    preset = load_preset(request.preset)
    project = find_project(tracker, {"name": request.project})
    show_code = check_show_code(show_code_of(tracker, project))
    namer = Namer(request.naming or preset.naming, show_code, preset.first_frame if request.renumber else None)
    place = resolve_bucket(request.context, places.contexts).under(show_code, request.name)
    rows = find_approved(tracker, project, request, request.statuses or preset.statuses)
    upstream = load_upstream(request.upstream)
    checker = VersionChecker(
        preset,
        places,
        namer,
        Published(tracker, [row["id"] for row in rows], places, show_code),
        require_hash=request.require_hash or preset.require_hash,
        upstream=upstream,
    )
    versions: list[PlannedVersion] = []
    for number, row in enumerate(rows, 1):
        versions.append(checker.checked(row))
        if reporter is not None:
            reporter.step(
                Progress(operation=OPERATION, phase="look", done=number, total=len(rows), item=versions[-1].code)
            )
    hashes = (*HASHES, *preset.hashes)
    return DeliveryPlan(request, project, show_code, place, hashes, refuse_bad_names(versions), upstream.sources)


def check_bytes(plan: DeliveryPlan, places: Places, reporter: Reporter) -> DeliveryPlan:
    """``plan`` with every Version refused whose bytes are not those that were published: reads all of them."""
    done = 0
    versions = []
    for version in plan.versions:
        problem = None
        for entry in () if version.is_refused else version.entries:
            expected = entry.media.expected
            hasher = Hasher(expected)
            try:
                for piece in read_media(entry.media, places, _PIECE_BYTES) if expected else ():
                    hasher.update(piece)
            except OnePieceError as error:
                problem = problem_of(error)
                break
            if not is_as_expected(entry.media, hasher):
                problem = changed(entry.media.where)
                break
            done += entry.media.size_bytes
            reporter.step(
                Progress(
                    operation=OPERATION, phase="check", done=done, total=plan.size_bytes, unit="bytes", item=entry.path
                )
            )
        versions.append(version if problem is None else replace(version, problems=(*version.problems, problem)))
    return replace(plan, versions=tuple(versions))


def is_as_expected(media: MediaFile, read: Hasher) -> bool:
    """Whether what was read has every digest that is known."""
    digests = read.digests()
    return all(digests[name] == digest for name, digest in media.expected.items())


def changed(where: str) -> Problem:
    return Problem("delivery.media_changed", f"{where} is not what was published: its bytes have changed")


def problem_of(error: OnePieceError) -> Problem:
    """What an error of a Version's media says about the Version; raises ``error`` where it is not the Version's."""
    codes: tuple[tuple[type[OnePieceError], str], ...] = (
        (InputMissing, "delivery.media_missing"),
        (ObjectMissing, "delivery.media_missing"),
        (PublishError, "delivery.media_unreadable"),
        (ManifestError, "delivery.record_damaged"),
        (MediaError, "delivery.media_damaged"),
        (SequenceError, "delivery.frames_double"),
        (UsageError, "delivery.media_unreadable"),
        (NameInvalid, "delivery.name_invalid"),
    )
    for kind, code in codes:
        if isinstance(error, kind):
            return Problem(code, error.report.message)
    raise error


class VersionChecker:
    """Says of each Version what of it is delivered, and what is wrong with it."""

    def __init__(
        self,
        preset: DeliveryPreset,
        places: Places,
        namer: Namer,
        published: Published,
        *,
        require_hash: bool,
        upstream: Upstream | None = None,
    ) -> None:
        self._preset, self._places, self._namer, self._require_hash = preset, places, namer, require_hash
        self._published, self._upstream = published, upstream or Upstream()

    def checked(self, row: Mapping[str, Any]) -> PlannedVersion:
        version = planned(dict(row))
        problems: list[Problem] = []
        media: list[MediaPlace] = []
        for kind in self._preset.media:
            found = _tried(lambda kind=kind: self._found(row, kind), problems)  # type: ignore[misc]
            # An ingested movie stands in both fields.
            if found is not None and all(each.told != found.told for each in media):
                media.append(found)
        if not problems:
            problems += self._rules(row, media)
        entries = () if problems and not media else _tried(lambda: self._namer.entries(version, media), problems) or ()
        return replace(version, entries=entries, problems=tuple(dict.fromkeys(problems)))

    def _found(self, row: Mapping[str, Any], kind: Any) -> MediaPlace | None:
        found = self._published.find(row, kind)
        return None if found is None else self._upstream.with_listed(find_recorded(found, self._places))

    def _rules(self, row: Mapping[str, Any], media: list[MediaPlace]) -> list[Problem]:
        if not media:
            return [Problem("delivery.media_missing", "The Version names no media")]
        problems = [
            Problem("delivery.media_missing", f"The client needs {kind}, and the Version names none")
            for kind in self._preset.needs
            if kind not in {place.kind for place in media}
        ]
        for place in media:
            problems += _range_problems(row, place)
            problems += self._file_problems(place)
        return problems

    def _file_problems(self, place: MediaPlace) -> list[Problem]:
        problems = [
            Problem("delivery.media_empty", f"{file.where} holds no bytes")
            for file in place.files
            if not file.size_bytes
        ][:1]
        allowed = {each.lower() for each in self._preset.extensions}
        endings = {split_extension(file.name)[1].lower() for file in place.files}
        if allowed and not endings <= allowed:
            problems.append(
                Problem("delivery.format_refused", f"The client takes {', '.join(sorted(allowed))}: {place.told}")
            )
        bare = [file for file in place.files if not file.expected]
        if bare:
            severity: Any = "error" if self._require_hash else "warning"
            more = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
            text = f"No recorded hash says what {bare[0].name}{more} must be"
            problems.append(Problem("delivery.hash_unknown", text, severity))
            problems += _damage(bare)
        return problems


def _damage(files: Sequence[MediaFile]) -> list[Problem]:
    """The first that is not whole: where nothing recorded a hash, the structure must tell. Those in S3 are not read."""
    paths = [file.path for file in files if file.path is not None and file.size_bytes and kind_of(file.name) != "other"]
    for result in probe_all(paths, operation=OPERATION):
        if isinstance(result, OnePieceError):
            return [problem_of(result)]
    return []


def _tried(look: Callable[[], Any], problems: list[Problem]) -> Any:
    try:
        return look()
    except OnePieceError as error:
        problems.append(problem_of(error))
        return None


def _range_problems(row: Mapping[str, Any], place: MediaPlace) -> list[Problem]:
    frames = [file.frame for file in place.files if file.frame is not None]
    if not frames:
        return []
    missing = format_spans(tuple(gaps(sorted(frames))))
    if missing:
        return [Problem("delivery.frames_missing", f"{place.told} lacks {missing}")]
    first, last = row.get("sg_first_frame"), row.get("sg_last_frame")
    if first is not None and last is not None and (min(frames), max(frames)) != (first, last):
        text = f"{place.told} has {min(frames)}-{max(frames)}, the Version says {first}-{last}"
        return [Problem("delivery.range_differs", text)]
    return []
