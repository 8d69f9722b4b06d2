"""Colours and spacing: the host's own palette, dark or light, with a few quiet additions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from Qt import QtGui

SPACE = 8


@dataclass(frozen=True)
class Colours:
    """``faint`` is for text of second rank, ``line`` for borders, ``card`` for what lies on the window."""

    error: str
    warning: str
    info: str
    good: str
    faint: str
    line: str
    card: str
    accent: str
    on_accent: str


_DARK = Colours("#e5706b", "#e0b252", "#7aa7d9", "#79b87a", "#9a9da3", "#4a4d52", "#36393d", "#3f7fbf", "#ffffff")
_LIGHT = Colours("#b3261e", "#8a5a00", "#1f5f9f", "#2c7a34", "#62666c", "#c9ccd1", "#fbfbfc", "#2468ab", "#ffffff")


def is_dark(palette: Any) -> bool:
    return bool(palette.color(QtGui.QPalette.ColorRole.Window).lightness() < 128)


def colours(palette: Any) -> Colours:
    return _DARK if is_dark(palette) else _LIGHT


def stylesheet(palette: Any, text_pixels: int) -> str:
    """For one window; it names only what is ours, so a host's own style stays. ``text_pixels``: its usual text."""
    told = colours(palette)
    return f"""
QLabel[role="title"] {{ font-size: {round(1.35 * text_pixels)}px; font-weight: 600; }}
QLabel[role="head"] {{ font-weight: 600; }}
QLabel[role="faint"] {{ color: {told.faint}; }}
QLabel[role="error"] {{ color: {told.error}; }}
QLabel[role="warning"] {{ color: {told.warning}; }}
QLabel[role="info"] {{ color: {told.info}; }}
QLabel[role="good"] {{ color: {told.good}; }}
QFrame[role="card"] {{ background: {told.card}; border: 1px solid {told.line}; border-radius: 4px; }}
QFrame[role="alert"] {{ background: {told.card}; border: 1px solid {told.error}; border-radius: 4px; }}
QFrame[role="question"] {{ background: {told.card}; border: 1px solid {told.warning}; border-radius: 4px; }}
QFrame[role="card"] QLabel, QFrame[role="alert"] QLabel, QFrame[role="question"] QLabel {{
  background: transparent; border: none; }}
QTreeView {{ border: 1px solid {told.line}; border-radius: 4px; }}
QTreeView::item {{ padding: 2px 0; }}
QPushButton {{ padding: 4px 12px; }}
QPushButton[role="primary"]:enabled {{ background: {told.accent}; color: {told.on_accent};
  border: 1px solid {told.accent}; border-radius: 4px; padding: 5px 18px; font-weight: 600; }}
QPushButton[role="primary"]:enabled:focus {{ border: 1px solid {told.on_accent}; }}
QPushButton[role="primary"]:disabled {{ padding: 5px 18px; }}
QProgressBar {{ border: none; border-radius: 3px; background: {told.line}; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ border-radius: 3px; background: {told.accent}; }}
"""
