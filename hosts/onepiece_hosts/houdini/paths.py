"""Paths of Houdini: variables, frames, tiles."""

from __future__ import annotations

import re

import hou

from onepiece_hosts.patterns import forward

# $F, $F4, ${F}, ${F4}, but not $FF (a float) or $FPS.
_FRAME = re.compile(r"\$(?:F(\d*)(?![A-Za-z0-9_])|\{F(\d*)\})")
_NAME = re.compile(r"\$(?:OS(?![A-Za-z0-9_])|\{OS\})")
# What looks like a path and is none: data inside of the scene, or of Houdini itself.
_WINDOWS = ("ip", "md")  # a render into MPlay, or to the monitor
_INSIDE = ("op:", "opdef:", "oplib:", "temp:", "anon:", "$HFS", "$HH", "$HB")


def is_outside(told: str) -> bool:
    """Whether this names a file of the show."""
    return bool(told) and told not in _WINDOWS and not told.startswith(_INSIDE)


def resolved(told: str, node: str = "") -> str:
    """With variables carried out, and ``%04d`` for frame numbers. ``node``: the name of whose parameter it is."""
    # Houdini would put the name of its current node for $OS.
    named = _NAME.sub(lambda _: node, told) if node else told
    return forward(hou.text.expandString(_FRAME.sub(_pattern, named)))


def _pattern(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return f"%0{int(digits)}d" if digits else "%d"
