"""What an ingest would do with a drop: pure, printable, nothing written anywhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from onepiece_core.context import Convention
from onepiece_core.errors import ManifestError
from onepiece_core.ingest.hashes import Given, check_hashes, given_by_rows
from onepiece_core.ingest.history import match_history, read_histories
from onepiece_core.ingest.items import is_archive, sort_items
from onepiece_core.ingest.look import look_at, say_changing
from onepiece_core.ingest.match import check_unlisted, match_entries
from onepiece_core.ingest.model import Depth, DropItem, DropPlan, Problem
from onepiece_core.ingest.names import (
    check_collisions,
    check_forms,
    check_lengths,
    check_portable,
    check_views,
    read_name,
)
from onepiece_core.ingest.pixels import check_pixels
from onepiece_core.ingest.presets import DropPreset, load_preset
from onepiece_core.ingest.scan import DropScan, same_files, scan_drop
from onepiece_core.ingest.tracked import ask_tracker
from onepiece_core.ingest.versions import EarlierDeliveries, check_earlier, check_tracked, check_twice
from onepiece_core.manifest.drop_manifest import DropManifest, load_manifest
from onepiece_core.manifest.drop_mapping import load_mapping
from onepiece_core.progress import Progress, Reporter
from onepiece_core.rules.ingest_codes import CODES, found
from onepiece_core.rules.ingest_frames import check_frames
from onepiece_core.rules.ingest_media import check_media
from onepiece_core.sequences import TEXTS, split_extension
from onepiece_core.shown import shown
from onepiece_core.tracker.tracker import Tracker


class PlanRequest(Protocol):
    """What a plan needs to know of an ingest's request."""

    @property
    def folder(self) -> Path: ...
    @property
    def project(self) -> str: ...
    @property
    def show_code(self) -> str: ...
    @property
    def manifest(self) -> Path | None: ...
    @property
    def preset(self) -> str: ...
    @property
    def mapping(self) -> str | None: ...
    @property
    def allow_missing(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """How a plan is made.

    Attributes:
        convention: the show's naming.
        place: what the keys of the drop start with, ``s3://bucket/prefix/FG``; for versions that are there already.
        earlier: what was delivered before.
        depth: ``first-bytes`` trusts each file that begins as its name says: no truncated file is found, no checksum
            is checked, no rule about pictures asked. Such a plan cannot be applied.
    """

    convention: Convention = field(default_factory=Convention)
    place: str = ""
    earlier: EarlierDeliveries | None = None
    depth: Depth = "structure"
    reporter: Reporter = field(default_factory=Reporter)


def plan_ingest(request: PlanRequest, tracker: Tracker | None = None, options: PlanOptions | None = None) -> DropPlan:
    """Look at everything; nothing that is wrong with one item stops another. Without a tracker nobody is asked.

    Raises:
        InputMissing, InputUnreadable, InputRefused: the folder, or the manifest, cannot be read at all.
        ConfigError: the preset or the mapping is not sound.
        ProjectMissing, TrackerError: the tracker does not know the project, or does not answer.
    """
    options = options or PlanOptions()
    preset = load_preset(request.preset)
    mapping = load_mapping(request.mapping)
    scan = scan_drop(request.folder)
    options.reporter.step(Progress(operation="ingest", phase="scan", done=len(scan.files)))
    manifest, problems = None, list(scan.problems)
    if request.manifest is not None:
        skip_manifest(scan, request.manifest)
        try:
            manifest = load_manifest(request.manifest, mapping)
        except ManifestError as error:
            problems.append(unusable(error))
    plan = _sorted_plan(scan, problems, options.depth)
    _check_names(plan, request, preset, options, manifest)
    _check_content(plan, scan, request, preset, options)
    if tracker is not None:
        tracked = ask_tracker(tracker, request.project, plan.items)
        check_tracked(plan.items, tracked, lambda item: f"{options.place}/{item.pattern}", options.earlier)
    if options.earlier is not None:
        check_earlier(plan.items, options.earlier)
    _refuse_all_of_unusable(plan, problems)
    weigh(plan, preset)
    return plan


def skip_manifest(scan: DropScan, manifest: Path) -> None:
    """The manifest may lie in the drop: it is no part of it."""
    real = os.path.realpath(manifest)
    inside = (
        next((file for file in scan.files if os.path.realpath(file.source) == real), None)
        if (real.startswith(f"{scan.root}/"))
        else None
    )
    if inside is not None:
        scan.files.remove(inside)
        scan.left[inside.relative] = found("file.manifest", "the manifest: read, not taken in")


def unusable(error: ManifestError) -> Problem:
    context = dict(error.report.context)
    code = context.pop("rule", "manifest.unusable")
    line = context.pop("line", None)
    return found(code, error.report.message, hint=error.report.hint, line=line, **context)


def _sorted_plan(scan: DropScan, problems: list[Problem], depth: Depth) -> DropPlan:
    left = dict(scan.left)
    taken = []
    for file in scan.files:
        if is_archive(file.relative):
            kind = split_extension(file.relative)[1].lower()
            left[file.relative] = found("archive.refused", f"a .{kind} archive: nothing is unpacked here")
        else:
            taken.append(file)
    items = sorted(sort_items(taken), key=lambda item: item.pattern)
    return DropPlan(Path(scan.root), items, left, problems, depth)


def _check_names(
    plan: DropPlan, request: PlanRequest, preset: DropPreset, options: PlanOptions, manifest: DropManifest | None
) -> None:
    named = {}
    for item in plan.items:
        report = read_name(item.name, options.convention, request.show_code)
        item.context = report.context
        named[id(item)] = report.problems
    if manifest is not None:
        plan.problems += manifest.problems
        plan.problems += match_entries(
            manifest.entries,
            plan.items,
            show_code=request.show_code,
            drop_name=request.folder.name,
            convention=options.convention,
        )
    _leave_documents(plan)
    if manifest is not None:
        check_unlisted(plan.items)
    # First what no preset can change: it is the reason that people see.
    check_portable(plan.items)
    for item in plan.items:
        # The manifest may tell what the name does not.
        is_told = bool(item.expected) or not preset.names.convention
        item.problems += [each for each in named[id(item)] if not (is_told and each.code == "name.convention")]
    check_forms(plan.items, preset.names.characters, preset.names.templates())
    check_collisions(plan.items)
    check_lengths(plan.items, preset.names.client_root, preset.names.max_path)
    check_views(plan.items)


def _leave_documents(plan: DropPlan) -> None:
    """Notes and lists that nobody names, in the manifest or by the convention, become no Version."""
    kept = []
    for item in plan.items:
        is_text = split_extension(item.pattern)[1].lower() in TEXTS
        if is_text and item.sequence is None and not item.expected and item.context.show is None:
            for file in item.files:
                plan.left[file.relative] = found("file.document", "a document that nobody names: it becomes no Version")
        else:
            kept.append(item)
    plan.items = kept


def _check_content(
    plan: DropPlan, scan: DropScan, request: PlanRequest, preset: DropPreset, options: PlanOptions
) -> None:
    promised, history_problems = read_histories(scan)
    plan.problems += history_problems
    given: dict[str, list[Given]] = given_by_rows(plan.items)
    if scan.mhl and not history_problems:
        from_mhl, missing = match_history(promised, plan.items, plan.left)
        plan.problems += missing
        for relative, some in from_mhl.items():
            given.setdefault(relative, []).extend(some)
    _check_same(plan.items)
    look_at(plan.items, options.depth, options.reporter)
    for item in plan.items:
        check_frames(item, allow_missing=request.allow_missing)
        check_media(item, preset)
    if options.depth == "structure":
        check_hashes(plan.items, given, options.reporter)
        check_twice(plan.items)
        if preset.pictures.pixels:
            check_pixels(plan.items, options.reporter)
        say_changing(plan.items)


def _check_same(items: Sequence[DropItem]) -> None:
    """Hard links, and links beside what they point to: one file on disk is delivered under two names."""
    owner = {file.relative: item for item in items for file in item.files}
    for one, other in same_files([file for item in items for file in item.files]):
        problem = found("file.same", f"it is the same file as {shown(one.relative)}")
        owner[other.relative].file_problems.setdefault(other.relative, []).append(problem)


_STOPS = frozenset({"manifest.unusable", "manifest.empty", "checksum.unknown", "mhl.invalid"})


def _refuse_all_of_unusable(plan: DropPlan, problems: list[Problem]) -> None:
    """A manifest that cannot be believed says nothing about any file: so none is taken in."""
    rows = (problem for item in plan.items for problem in _every(item))
    reason = next((each for each in (*problems, *plan.problems, *rows) if each.code in _STOPS), None)
    if reason is None:
        return
    for item in plan.items:
        if all(problem.code not in _STOPS for problem in item.problems):
            told = f"nothing of the drop is taken in: {reason.message}"
            item.problems.append(found(reason.code, told, line=reason.line))


def _every(item: DropItem) -> list[Problem]:
    return [*item.problems, *(problem for some in item.file_problems.values() for problem in some)]


def weigh(plan: DropPlan, preset: DropPreset) -> None:
    """The preset's own severities."""
    if not preset.severity:
        return
    for item in plan.items:
        item.problems = _weighed(item.problems, preset)
        item.file_problems = {name: _weighed(some, preset) for name, some in item.file_problems.items()}
    plan.problems = _weighed(plan.problems, preset)


def _weighed(problems: Sequence[Problem], preset: DropPreset) -> list[Problem]:
    weighed = []
    for problem in problems:
        severity = preset.severity.get(problem.code)
        if severity is None:
            weighed.append(problem)
        elif severity != "off":
            # What an option has made a warning stays one.
            is_eased = problem.severity == "warning" and CODES[problem.code].severity == "error"
            weighed.append(problem if is_eased else problem.model_copy(update={"severity": severity}))
    return weighed
