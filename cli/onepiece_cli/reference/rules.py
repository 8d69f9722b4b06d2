"""docs/reference/rules.md: what a publish is checked for."""

from __future__ import annotations

from onepiece_cli.reference.table import code, table
from onepiece_core.rules.host_rule import HostRule
from onepiece_core.rules.host_rules import RULES as HOST_RULES
from onepiece_core.rules.publish import RULES

_TEXT = """# Rules

What `onepiece dcc publish` checks when its inputs are there and whole. An error stops the publish before anything is
written; a warning is shown, and listed under `warnings` with `--json`. Inputs that cannot be published at all (a
truncated frame, a pipe, a link that leaves its tree, ...) are errors of their own: see [errors.md](errors.md).
"""

_HOST_TEXT = """
## The open scene

What the publish panel of a DCC checks, and `onepiece dcc check --request FILE` with it: rules over the facts that the
host tells about its scene. An error stops the publish until it is repaired, or ignored with a reason where that is
allowed; the reason is kept in the manifest, under `onepiece.ignored` of its metadata, and in the report.
"""

# What is noticed while the inputs are looked for.
NOTICED = {
    "inputs.skipped": "no hidden or temporary file lies among the inputs: they are left behind",
    "inputs.link_skipped": "no folder links to another folder of the same tree: it is taken once",
    "inputs.same_file": "no file is taken under two names",
    "sequences.gaps": "no frame is missing between the first and the last of a sequence",
}


def rules_page() -> str:
    rows = [(code(name), "warning", asked, "") for name, asked in NOTICED.items()]
    rows += [(code(rule.id), rule.severity, rule.summary, rule.hint or "") for rule in RULES]
    host_rows = [
        (code(rule.id), rule.severity, rule.summary, rule.hint or "", code(rule.fix) if rule.fix else "", _yes(rule))
        for rule in HOST_RULES
    ]
    host_columns = ("rule", "severity", "asks that", "hint", "fix", "may be ignored")
    lines = [
        _TEXT,
        *table(("rule", "severity", "asks that", "hint"), rows),
        _HOST_TEXT,
        *table(host_columns, host_rows),
    ]
    return "\n".join(lines) + "\n"


def _yes(rule: HostRule) -> str:
    return "yes" if rule.may_ignore else "no"
