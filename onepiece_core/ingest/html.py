"""The report as one HTML file with a contact sheet, fit to be sent to whoever delivered.

It names the drop's own paths and nothing of this machine, the bucket or the site.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from onepiece_core import html_page
from onepiece_core.errors import OnePieceError
from onepiece_core.frames import format_ranges
from onepiece_core.html_page import Cell, Html
from onepiece_core.ingest.model import DropItem, DropPlan, FileReport, IngestReport
from onepiece_core.ingest.pictures import Pictures
from onepiece_core.media.facts import MediaFacts
from onepiece_core.shown import shown

# A report that can still be opened and mailed: larger drops get their first pictures and files.
_MAX_PICTURES = 240
_MAX_FILES = 4000
_PICTURE = (320, 180)
_TONES = {"ok": "good", "skipped": "", "refused": "bad"}
_WORDS = {"ok": "accepted", "skipped": "already there", "refused": "refused"}


def report_html(
    report: IngestReport, plan: DropPlan, pictures: Pictures | None, *, title: str, lead: str, footer: str
) -> bytes:
    """The whole file."""
    files = {file.path: file for file in report.files}
    parts = [html_page.counts(_counts(report))]
    parts += _refused(report)
    parts += _missing(report)
    parts += _sheet(plan, files, pictures)
    parts += _items(plan, files)
    parts += _left(report, plan)
    parts += _all_files(report)
    return html_page.page(title, lead, parts, footer=footer).encode()


def _counts(report: IngestReport) -> dict[str, tuple[str | int, str]]:
    told = report.summary
    refused = told["refused"] + sum(each["severity"] == "error" for each in told["problems"])
    counts: dict[str, tuple[str | int, str]] = {
        "files": (told["files"], ""),
        "accepted": (told["ok"], "good" if told["ok"] else ""),
        "already there or left out": (told["skipped"], ""),
        "refused": (refused, "bad" if refused else ""),
        "with warnings": (sum(bool(file.warnings) for file in report.files), "warn"),
    }
    return counts


def _refused(report: IngestReport) -> list[Html]:
    # The same reason of one folder is told once.
    groups: dict[tuple[str, str, str], list[str]] = {}
    for file in report.files:
        if file.verdict == "refused":
            folder = file.path.rpartition("/")[0]
            why = "; ".join((file.message or "", *file.also))
            groups.setdefault((folder, file.code or "", why), []).append(file.path)
    if not groups:
        return []
    rows: list[list[Cell]] = [
        [_short(paths), len(paths), html_page.toned(code, "bad"), why] for (_, code, why), paths in groups.items()
    ]
    return [html_page.heading("Refused: please look at these"), html_page.table(["File", "Files", "Code", "Why"], rows)]


def _short(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} … {paths[-1].rpartition('/')[2]}"


def _missing(report: IngestReport) -> list[Html]:
    problems = [each for each in report.summary["problems"] if each["severity"] != "skipped"]
    if not problems:
        return []
    rows: list[list[Cell]] = [
        [
            html_page.toned(each["code"], "bad" if each["severity"] == "error" else "warn"),
            each["line"],
            each["message"],
            each["hint"],
        ]
        for each in problems
    ]
    heading = html_page.heading("The drop as a whole, and its manifest")
    return [heading, html_page.table(["Code", "Line", "What", "What to do"], rows)]


def _sheet(plan: DropPlan, files: dict[str, FileReport], pictures: Pictures | None) -> list[Html]:
    if pictures is None:
        return []
    figures = list(_figures(plan.items, files, pictures))
    if not figures:
        return []
    more = len(plan.items) - _MAX_PICTURES
    heading = "Contact sheet" if more <= 0 else f"Contact sheet (the first {_MAX_PICTURES})"
    return [html_page.heading(heading), html_page.pictures(figures)]


def _figures(items: Sequence[DropItem], files: dict[str, FileReport], pictures: Pictures) -> Iterator[Html]:
    for item in items[:_MAX_PICTURES]:
        data = _picture(item, pictures)
        if data is not None:
            verdict = _WORDS[_verdict(item, files)]
            yield html_page.picture(data, f"{shown(item.name)}  {_frames(item)}  {verdict}".replace("  ", " · "))


def _picture(item: DropItem, pictures: Pictures) -> bytes | None:
    """Small enough that hundreds of them make a file for a mail."""
    path = pictures.get(item)
    if path is None:
        return None
    from onepiece_core.media.picture import read_picture, write_picture

    small = path.with_suffix(".small.jpg")
    try:
        if not small.exists():
            write_picture(read_picture(path, *_PICTURE), small, quality=75)
        return Path(small).read_bytes()
    except (OnePieceError, OSError):
        return None


def _items(plan: DropPlan, files: dict[str, FileReport]) -> list[Html]:
    if not plan.items:
        return []
    rows: list[list[Cell]] = []
    for item in plan.items:
        verdict = _verdict(item, files)
        rows.append(
            [
                shown(item.pattern),
                len(item.files),
                _frames(item),
                _media(item),
                html_page.toned(_WORDS[verdict], _TONES[verdict]),
                "; ".join(_warnings(item, files)),
            ]
        )
    heading = html_page.heading("Sequences, movies and stills")
    return [heading, html_page.table(["Name", "Files", "Frames", "Media", "Verdict", "Warnings"], rows)]


def _verdict(item: DropItem, files: dict[str, FileReport]) -> str:
    verdicts = {files[shown(file.relative)].verdict for file in item.files}
    return next(word for word in ("refused", "ok", "skipped") if word in verdicts)


def _warnings(item: DropItem, files: dict[str, FileReport]) -> list[str]:
    return list(dict.fromkeys(text for file in item.files for text in files[shown(file.relative)].warnings))[:8]


def _frames(item: DropItem) -> str:
    return format_ranges(item.sequence.frames) if item.sequence is not None else "single file"


def _media(item: DropItem) -> str:
    facts = next((each for each in item.media if each is not None), None)
    return "" if facts is None else ", ".join(_facts(facts))


def _facts(facts: MediaFacts) -> Iterator[str]:
    if facts.width and facts.height:
        yield f"{facts.width} x {facts.height}"
    for told in (facts.pixel_type, facts.compression, facts.codec, facts.colour_space):
        if told:
            yield told
    if facts.frames:
        yield f"{facts.frames} frames"
    if facts.fps:
        yield f"{float(facts.fps):.6g} fps"


def _left(report: IngestReport, plan: DropPlan) -> list[Html]:
    left = {shown(path) for path in plan.left}
    rows: list[list[Cell]] = [
        [file.path, file.code, file.message] for file in report.files if file.path in left and file.verdict == "skipped"
    ]
    if not rows:
        return []
    return [html_page.heading("Left out"), html_page.table(["File", "Code", "Why"], rows)]


def _all_files(report: IngestReport) -> list[Html]:
    rows: list[list[Cell]] = [
        [file.path, html_page.toned(file.verdict, _TONES[file.verdict]), file.code, file.message]
        for file in report.files[:_MAX_FILES]
    ]
    if not rows:
        return []
    more = len(report.files) - _MAX_FILES
    note = "" if more <= 0 else f" (the first {_MAX_FILES}; the JSON report has all)"
    table = html_page.table(["File", "Verdict", "Code", "Why"], rows)
    summary = html_page.text(f"Every file, {len(report.files)} of them{note}")
    return [html_page.heading("All files"), Html(f"<details><summary>{summary}</summary>{table}</details>")]
