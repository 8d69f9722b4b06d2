"""The publish page of the sidebar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onepiece_hosts.blender import places
from onepiece_hosts.blender.drawing import SEVERITIES, bar, error_box, press, shorten, text
from onepiece_hosts.panels import publish_model as model
from onepiece_hosts.panels import words
from onepiece_hosts.panels.steps import DONE, RUNNING

_ICONS = {
    "scene": "FILE_BLEND",
    "render": "RENDER_RESULT",
    "cache": "FILE_CACHE",
    "preview": "FILE_MOVIE",
    "reference": "LINK_BLEND",
}
_STATES = {DONE: "CHECKMARK", RUNNING: "PLAY"}
# Findings that are drawn; the rest is counted.
_MOST_FINDINGS = 20
_MOST_ITEMS = 24


def draw(layout: Any, desk: Any, inputs: Any, width: int) -> None:
    publish = desk.publish
    if publish is None:
        press(layout, "page", "Look at This Scene", "FILE_REFRESH", "publish")
        return
    if publish.state == model.PUBLISHING:
        _draw_progress(layout, publish, inputs, width)
    elif publish.state == model.DONE:
        _draw_result(layout, publish, width)
    else:
        _draw_form(layout, desk, inputs, width)
    if publish.error is not None:
        error_box(layout, publish.error, width)


def _draw_form(layout: Any, desk: Any, inputs: Any, width: int) -> None:
    publish = desk.publish
    _draw_place(layout, desk, width)
    if publish.items:
        _draw_items(layout, desk, width)
    _draw_findings(layout, desk, width)
    comment = layout.column(align=True)
    comment.label(text="Comment", icon="GREASEPENCIL")
    comment.prop(inputs, "comment", text="")
    column = layout.column(align=True)
    column.enabled = publish.can_publish
    large = column.row(align=True)
    large.scale_y = 1.5
    press(large, "publish", "Publish", "EXPORT")
    press(column, "dry_run", "Dry Run", "VIEWZOOM")
    press(column, "save_request", "Save Request", "FILE_TICK")
    if publish.saved:
        text(layout, words.saved(publish.saved), width, "CHECKMARK")
    if publish.blocking:
        count = len(publish.blocking)
        text(layout, f"{words.plural(count, 'error')} must be fixed or ignored first.", width, "CANCEL")
    for name in publish.lacking:
        text(layout, words.lacking(name), width, "INFO")
    if publish.result is not None:
        _draw_plan(layout, publish.result, width)


def _draw_place(layout: Any, desk: Any, width: int) -> None:
    box = layout.box()
    row = box.row()
    row.label(text="Goes to", icon="OUTLINER")
    press(row, "place", "", "X" if desk.places else "GREASEPENCIL", emboss=False)
    if desk.places:
        places.draw(box, desk, desk.places, width)
        return
    chosen = [desk.publish.context.get(name) for name in ("project", "entity", "task")]
    box = box.column(align=True)
    names = [str(one.get("name") or one.get("code") or one["id"]) for one in chosen if one]
    if names:
        for depth, name in enumerate(names):
            box.label(text=shorten("   " * depth + name, width))
    else:
        text(box, "No shot is known for this scene: choose one.", width)


def _draw_items(layout: Any, desk: Any, width: int) -> None:
    box = layout.box()
    box.label(text="What will be published", icon="OUTLINER_COLLECTION")
    column = box.column(align=True)
    _draw_tree(column, desk, desk.publish.items, 0, [_MOST_ITEMS], width)


def _draw_tree(column: Any, desk: Any, items: Any, depth: int, left: list[int], width: int) -> None:
    for item in items:
        left[0] -= 1
        if left[0] < 0:
            if left[0] == -1:
                column.label(text="…", icon="BLANK1")
            return
        row = column.row(align=True)
        for _ in range(depth):
            row.label(text="", icon="BLANK1")
        key, children = f"item {item['id']}", item.get("children") or ()
        # The first level is unfolded to begin with; what is only used, and may be much, is not.
        is_unfolded = depth == 0 and item["role"] != "reference"
        is_open = (key in desk.opened_rows) != is_unfolded
        if children:
            press(row, "fold", "", "DISCLOSURE_TRI_DOWN" if is_open else "DISCLOSURE_TRI_RIGHT", key, emboss=False)
        is_included = desk.publish.is_included(item)
        if desk.publish.can_toggle(item):
            press(row, "toggle", "", "CHECKBOX_HLT" if is_included else "CHECKBOX_DEHLT", item["id"], emboss=False)
        row.active = is_included
        shown = {"icon": _ICONS.get(item["role"], "FILE")}
        if not children and (picture := desk.pictures.icon(desk.publish.picture(item))):
            shown = {"icon_value": picture}
        row.label(text=shorten(item["label"], width - 8 - 3 * depth), **shown)
        if told := _told_of(item):
            right = row.row()
            right.alignment = "RIGHT"
            right.alert = bool(item.get("missing"))
            right.label(text=told)
        if children and is_open:
            _draw_tree(column, desk, children, depth + 1, left, width)


def _told_of(item: Mapping[str, Any]) -> str:
    """The frames, how many files, or what is missing of them."""
    if item.get("missing"):
        return f"{item['missing']} missing"
    if item.get("frames"):
        return str(item["frames"])
    return str(item["files"]) if item.get("children") and item.get("files") else ""


def _draw_findings(layout: Any, desk: Any, width: int) -> None:
    publish, box = desk.publish, layout.box()
    row = box.row()
    if publish.state == model.COLLECTING:
        row.label(text=f"Reading the scene: {words.plural(publish.files_read, 'file')}", icon="SORTTIME")
        return
    if publish.state == model.CHECKING:
        row.label(text="Checking…", icon="SORTTIME")
        return
    open_ones = [one for one in publish.findings if not publish.is_ignored(one)]
    label = words.plural(len(open_ones), "finding") if open_ones else "All checks passed"
    row.label(text=label, icon="CHECKMARK" if not open_ones else SEVERITIES[_worst(open_ones)])
    press(row, "refresh", "", "FILE_REFRESH", emboss=False)
    for number, finding in enumerate(publish.findings[:_MOST_FINDINGS]):
        _draw_finding(box, desk, number, finding, width)
    if len(publish.findings) > _MOST_FINDINGS:
        box.label(text=f"and {len(publish.findings) - _MOST_FINDINGS} more")


def _worst(findings: Any) -> str:
    return next((kind for kind in SEVERITIES if any(one["severity"] == kind for one in findings)), "info")


def _draw_finding(layout: Any, desk: Any, number: int, finding: Mapping[str, Any], width: int) -> None:
    publish, key = desk.publish, f"{number} {finding['rule']}"
    column = layout.box().column(align=True)
    if publish.is_ignored(finding):
        reason = publish.reason_of(finding)
        row = column.row()
        row.active = False
        row.label(text=shorten(words.sentence(finding["message"]), width - 10), icon="HIDE_ON")
        press(row, "unignore", "", "LOOP_BACK", key, emboss=False)
        column.active = False
        text(column, f"Ignored: {reason}", width, "BLANK1")
        return
    text(column, words.sentence(finding["message"]), width, SEVERITIES.get(finding["severity"], "INFO"))
    if finding.get("hint"):
        hint = column.column()
        hint.active = False
        text(hint, finding["hint"], width, "BLANK1")
    row = column.row(align=True)
    if finding.get("nodes"):
        press(row, "select", "Select", "RESTRICT_SELECT_OFF", key)
    if finding.get("fix"):
        made = row.operator("onepiece.fix", text="Fix", icon="MODIFIER")
        made.row = key
    if finding.get("may_ignore"):
        made = row.operator("onepiece.ignore", text="Ignore…", icon="HIDE_ON")
        made.row = key


def _draw_plan(layout: Any, plan: Mapping[str, Any], width: int) -> None:
    box = layout.box()
    box.label(text="Dry run: nothing was changed", icon="VIEWZOOM")
    told = f"{plan.get('scene_name', '')}: {words.plural(plan.get('files', 0), 'file')}"
    text(box, f"{told}, {words.size(plan.get('bytes_total', 0))}", width)
    for name in ("package", "s3_uri"):
        if plan.get(name):
            text(box, str(plan[name]), width)


def _draw_progress(layout: Any, publish: Any, inputs: Any, width: int) -> None:
    box = layout.box()
    asked = publish.request or {}
    box.label(text="Publishing", icon="EXPORT")
    if asked.get("scene_name"):
        text(box, asked["scene_name"], width)
    bar(box, inputs, "whole", publish.steps.share(), "Publish")
    column = box.column(align=True)
    for row in publish.steps.rows():
        line = column.row()
        line.active = row.state != "waiting"
        line.label(text=row.label, icon=_STATES.get(row.state, "DOT"))
        if row.amount:
            right = line.row()
            right.alignment = "RIGHT"
            right.label(text=row.amount)
    if publish.steps.item:
        faint = box.row()
        faint.active = False
        faint.label(text=shorten(publish.steps.item, width))
    _draw_warnings(box, publish.warnings, width)
    _draw_cancel(box, publish, width)
    faint = layout.column()
    faint.active = False
    text(faint, "You can go on working, close this panel, or Blender: the publish goes on.", width)


def _draw_cancel(layout: Any, publish: Any, width: int) -> None:
    """Cancel, the question whether that is meant, or what follows from it."""
    if publish.is_stopping:
        layout.label(text="Stopping…", icon="SORTTIME")
    elif publish.is_cancel_asked:
        text(layout, "Stop this publish? What was copied and uploaded of it is taken away again.", width, "QUESTION")
        row = layout.row(align=True)
        press(row, "cancel", "Stop Publish", "X")
        press(row, "keep_going", "Keep Going")
    else:
        press(layout, "ask_cancel", "Cancel…", "X")


def _draw_warnings(layout: Any, warnings: Any, width: int) -> None:
    for warning in warnings:
        text(layout, words.sentence(warning["message"]), width, "ERROR")


def _draw_result(layout: Any, publish: Any, width: int) -> None:
    result = publish.result
    box = layout.box()
    box.label(text="Published", icon="CHECKMARK")
    text(box, result["scene_name"], width)
    if "files" in result:
        text(box, f"{words.plural(result['files'], 'file')}, {words.size(result['bytes_total'])}", width)
    _draw_warnings(box, result.get("warnings") or publish.warnings, width)
    links = result.get("links") or {}
    column = box.column(align=True)
    if links.get("folder"):
        press(column, "folder", "Open Folder", "FILE_FOLDER")
    if links.get("shotgrid"):
        press(column, "site", "Show in ShotGrid", "URL")
    press(column, "copy_report", "Copy Report", "COPYDOWN")
    press(layout, "new_publish", "Publish Again…", "FILE_REFRESH")
