"""What was noticed while the inputs were looked for: warnings, all of them."""

from __future__ import annotations

from collections.abc import Sequence

from onepiece_core.manifest.package import PackageItem
from onepiece_core.rules.finding import Finding

_SHOWN = 20


def skipped(names: Sequence[str]) -> list[Finding]:
    """Hidden and temporary files that are left behind."""
    if not names:
        return []
    message = f"{_count(len(names), 'hidden or temporary file')} skipped: {_some(names)}"
    return [Finding(rule="inputs.skipped", severity="warning", message=message, context={"paths": list(names)[:100]})]


def skipped_links(names: Sequence[str]) -> list[Finding]:
    """Links to folders of the same tree: their files are taken where they really are."""
    if not names:
        return []
    message = f"{_count(len(names), 'link')} to a folder of the same tree skipped: {_some(names)}"
    return [
        Finding(rule="inputs.link_skipped", severity="warning", message=message, context={"paths": list(names)[:100]})
    ]


def same_files(pairs: Sequence[tuple[str, str]]) -> list[Finding]:
    """One file that is taken under two names."""
    if not pairs:
        return []
    told = [f"{one} = {other}" for one, other in pairs]
    message = f"{_count(len(pairs), 'file')} taken twice, as links: {_some(told)}"
    return [Finding(rule="inputs.same_file", severity="warning", message=message, context={"pairs": told[:100]})]


def gaps(items: Sequence[PackageItem]) -> list[Finding]:
    """Sequences with frames missing between their first and last."""
    return [
        Finding(
            rule="sequences.gaps",
            severity="warning",
            message=f"{item.name}: missing {item.missing.replace(',', ', ')} of {item.first}-{item.last}",
            hint="Render the missing frames, unless the holes are meant to be there.",
            fix="frames.render_missing",
            context={"pattern": item.pattern, "missing": item.missing, "first": item.first, "last": item.last},
        )
        for item in items
        if item.missing
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
