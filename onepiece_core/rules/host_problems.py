"""Rules about what only one host can have wrong; the host says what it found, by a kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onepiece_core.rules.finding import Severity
from onepiece_core.rules.host_facts import ProblemFact
from onepiece_core.rules.host_rule import HostFound, HostRule, SceneCheck


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of problem in one host. ``told``: what is wrong with "3 images"."""

    host: str
    kind: str
    rule: str
    severity: Severity
    noun: str
    told: str
    summary: str
    hint: str
    fix: str | None = None


_KINDS = (
    _Kind(
        "nuke",
        "disabled_write",
        "nuke.disabled_write",
        "warning",
        "Write",
        "disabled",
        "no Write is disabled",
        "Enable it, or delete it when it is not needed.",
        "nodes.enable",
    ),
    _Kind(
        "nuke",
        "missing_write_path",
        "nuke.missing_write_path",
        "error",
        "Write",
        "without a path",
        "every Write has a path",
        "Set where it renders to.",
    ),
    _Kind(
        "maya",
        "unlocked_reference",
        "maya.unlocked_reference",
        "warning",
        "reference",
        "unlocked",
        "references are locked",
        "Lock it, so that nothing in it is changed by accident.",
        "references.lock",
    ),
    _Kind(
        "maya",
        "unloaded_reference",
        "maya.unloaded_reference",
        "warning",
        "reference",
        "not loaded",
        "references are loaded",
        "Load it, or remove it when it is not needed.",
        "references.load",
    ),
    _Kind(
        "maya",
        "missing_reference",
        "maya.missing_reference",
        "error",
        "reference",
        "not there",
        "the file of every reference is there",
        "Point the reference at its file, or remove it.",
    ),
    _Kind(
        "blender",
        "unpacked_image",
        "blender.unpacked_image",
        "warning",
        "image",
        "not packed",
        "images are packed into the .blend",
        "Pack it, when the scene shall travel alone.",
        "images.pack",
    ),
    _Kind(
        "blender",
        "missing_image",
        "blender.missing_image",
        "error",
        "image",
        "not there",
        "the file of every image is there",
        "Relink the image, or remove it.",
    ),
    _Kind(
        "blender",
        "missing_reference",
        "blender.missing_library",
        "error",
        "library",
        "not there",
        "every linked .blend is there",
        "Relocate the library, or remove it.",
    ),
    _Kind(
        "houdini",
        "missing_hda",
        "houdini.missing_hda",
        "error",
        "digital asset",
        "not installed",
        "the definition of every digital asset is there",
        "Install the asset's library.",
    ),
)
_KNOWN = frozenset((each.host, each.kind) for each in _KINDS)


def _of(kind: _Kind) -> HostRule:
    def look(scene: SceneCheck) -> Iterator[HostFound]:
        if scene.facts.host == kind.host:
            found = [each for each in scene.facts.problems if each.kind == kind.kind]
            if found:
                yield _told(found, kind.noun, kind.told)

    return HostRule(kind.rule, kind.severity, f"{kind.host.capitalize()}: {kind.summary}", look, kind.hint, kind.fix)


def _told(found: list[ProblemFact], noun: str, told: str) -> HostFound:
    names = ", ".join(each.label or each.node for each in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    plural = noun if len(found) == 1 else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    verb = "is" if len(found) == 1 else "are"
    context = {"count": len(found), "problems": [each.context for each in found[:100]]}
    return HostFound(f"{len(found)} {plural} {verb} {told}: {names}{more}", [each.node for each in found], context)


def _other(scene: SceneCheck) -> Iterator[HostFound]:
    """Kinds that no rule is about: a newer host's, or unknown nodes."""
    kinds: dict[str, list[ProblemFact]] = {}
    for each in scene.facts.problems:
        if (scene.facts.host, each.kind) not in _KNOWN:
            kinds.setdefault(each.kind, []).append(each)
    for kind, found in sorted(kinds.items()):
        yield _told(found, "node", f"in question ({kind.replace('_', ' ')[:60]})")


def _unread(scene: SceneCheck) -> Iterator[HostFound]:
    for each in scene.facts.unread:
        # Without its files a scene is as good as not checked.
        severity: Severity = "error" if each.what in ("files", "scene") else "warning"
        message = f"the host could not tell the scene's {each.what}: {each.message or 'no reason was given'}"
        yield HostFound(message, context={"what": each.what}, severity=severity)


RULES: tuple[HostRule, ...] = (
    *(_of(kind) for kind in _KINDS),
    HostRule(
        "host.problem",
        "warning",
        "the host knows all that the scene is made of",
        _other,
        "Look at the nodes: a plug-in may be missing.",
    ),
    HostRule(
        "host.unread",
        "warning",
        "the host could tell all about the scene",
        _unread,
        "Check again. What could not be told was not checked.",
    ),
)
