"""``onepiece sandbox faults``: what the running studio does wrong on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onepiece_cli.commands.sandbox_folder import Dir, command_text, examples, folder_of
from onepiece_cli.errors import printable
from onepiece_cli.options import Json
from onepiece_cli.session import session_of

if TYPE_CHECKING:
    from onepiece_server.sandbox.faults.plan import Plan
    from onepiece_server.sandbox.report import SandboxReport

app = typer.Typer(
    help="Let the running studio do wrong what networks and sites do wrong.", no_args_is_help=True, add_completion=False
)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and show it, change nothing.")]


@app.command(epilog=examples("onepiece sandbox faults show", "onepiece sandbox faults show --json"))
def show(ctx: typer.Context, folder: Dir = None, as_json: Json = False) -> None:
    """Show the plan that stands, and how many calls each rule has seen and spoilt."""
    from onepiece_server.sandbox import studio

    place = folder_of(session_of(ctx), folder)
    _tell(place, _standing(studio.env(place)), as_json=as_json, is_set=True)


@app.command(
    "set",
    epilog=examples(
        "onepiece sandbox faults set plan.json", "onepiece sandbox faults set plan.toml --dry-run --dir /tmp/studio"
    ),
)
def set_plan(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan of faults, JSON or TOML.")],
    folder: Dir = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Let a plan stand from now on, in place of an earlier one; its rules count from the beginning."""
    from onepiece_server.sandbox import studio
    from onepiece_server.sandbox.faults.control import check_reach, plan_of_file, set_faults

    plan = plan_of_file(file)
    place = folder_of(session_of(ctx), folder)
    report = studio.env(place)
    check_reach(report, plan)
    if not dry_run:
        set_faults(report, plan)
    _tell(place, _planned(plan), as_json=as_json, is_set=not dry_run)
    if not as_json and not dry_run and plan.rules:
        typer.echo(f"\nStop it:   {command_text('faults clear', folder)}")


@app.command(epilog=examples("onepiece sandbox faults clear", "onepiece sandbox faults clear --dry-run"))
def clear(ctx: typer.Context, folder: Dir = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Let nothing go wrong on purpose any more. What is already held back is still carried out."""
    from onepiece_server.sandbox import studio
    from onepiece_server.sandbox.faults.control import clear_faults

    place = folder_of(session_of(ctx), folder)
    report = studio.env(place)
    standing = _standing(report)
    if not dry_run:
        clear_faults(report)
    if as_json:
        _print_json(place, standing, {"cleared": not dry_run})
        return
    count = len(standing["rules"])
    verb = "Would remove" if dry_run else "Removed"
    typer.echo(f"{verb} {count} {'rule' if count == 1 else 'rules'}." if count else "No faults were planned.")


def _standing(report: SandboxReport) -> dict[str, Any]:
    """The rules of all servers with their counts."""
    from onepiece_server.sandbox.faults.control import shown_faults

    rules, seed = [], 0
    for told in shown_faults(report).values():
        seed = told["plan"]["seed"]
        rules += [rule | counts for rule, counts in zip(told["plan"]["rules"], told["counts"], strict=True)]
    return {"seed": seed, "rules": rules}


def _planned(plan: Plan) -> dict[str, Any]:
    rules = plan.model_dump(mode="json", exclude_none=True)["rules"]
    return {"seed": plan.seed, "rules": [rule | {"seen": 0, "spoilt": 0} for rule in rules]}


def _tell(place: Path, told: dict[str, Any], *, as_json: bool, is_set: bool) -> None:
    if as_json:
        _print_json(place, told, {"set": is_set})
        return
    if not told["rules"]:
        typer.echo("No faults are planned.")
        return
    typer.echo("Planned faults:" if is_set else "This plan would stand:")
    for rule in told["rules"]:
        typer.echo(printable(f"  {_line(rule)}"))


def _line(rule: dict[str, Any]) -> str:
    shown = ("target", "method", "fault", "seen", "spoilt")
    when = " ".join(f"{name} {value}" for name, value in rule.items() if name not in shown)
    counts = f"seen {rule['seen']}, spoilt {rule['spoilt']}"
    return f"{rule['target']:9} {','.join(rule['method']):20} {rule['fault']:15} {when:30} {counts}"


def _print_json(place: Path, told: dict[str, Any], outcome: dict[str, bool]) -> None:
    import json

    typer.echo(json.dumps({"schema": "onepiece.sandbox-faults.1", "dir": str(place), **outcome, **told}))
