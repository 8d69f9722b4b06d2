"""docs/reference/rules.md: what a publish, a scene and a drop are checked for."""

from __future__ import annotations

from onepiece_cli.reference.table import code, table
from onepiece_core.rules.host_rule import HostRule
from onepiece_core.rules.host_rules import RULES as HOST_RULES
from onepiece_core.rules.ingest_codes import CODES, Code
from onepiece_core.rules.publish import RULES
from onepiece_core.validate.codes import VALIDATE_CODES

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


_DROP_TEXT = """
## A drop

What `onepiece aws ingest` and `onepiece validate` may say about a drop. An error refuses the item, a warning is told,
`skipped` leaves the file out of the ingest. A delivery preset may change the severity where the last column says so:

    [severity]
    "media.compression_lossy" = "error"
    "name.convention" = "off"
"""

_VALIDATE_TEXT = """
## Paths, assets and hosts

What `onepiece validate paths`, `asset-consistency` and `dcc-environment` may say besides.
"""


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
        _DROP_TEXT,
        *table(
            (*_CODE_COLUMNS, "a preset may change it"),
            [(*_code_row(name, each), "no" if each.is_fixed else "yes") for name, each in CODES.items()],
        ),
        _VALIDATE_TEXT,
        *table(_CODE_COLUMNS, [_code_row(name, each) for name, each in VALIDATE_CODES.items()]),
    ]
    return "\n".join(lines) + "\n"


_CODE_COLUMNS = ("code", "severity", "asks that", "hint")


def _code_row(name: str, each: Code) -> tuple[str, ...]:
    return code(name), each.severity, each.asks, each.hint or ""


def _yes(rule: HostRule) -> str:
    return "yes" if rule.may_ignore else "no"
