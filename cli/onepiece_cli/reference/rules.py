"""docs/reference/rules.md: what a publish is checked for."""

from __future__ import annotations

from onepiece_cli.reference.table import code, table
from onepiece_core.rules.publish import RULES

_TEXT = """# Rules

What `onepiece dcc publish` checks when its inputs are there and whole. An error stops the publish before anything is
written; a warning is shown, and listed under `warnings` with `--json`. Inputs that cannot be published at all (a
truncated frame, a pipe, a link that leaves its tree, ...) are errors of their own: see [errors.md](errors.md).
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
    return "\n".join([_TEXT, *table(("rule", "severity", "asks that", "hint"), rows)]) + "\n"
