"""``onepiece render``: jobs for this machine, a render service, any farm."""

from __future__ import annotations

import typer

from onepiece_cli.commands import render_about, render_change, render_look, render_submit, render_wait

app = typer.Typer(
    help="Render on this machine, or on a farm behind a render service.", no_args_is_help=True, add_completion=False
)
app.command("submit", epilog=render_submit.EPILOG)(render_submit.submit)
app.command("wait", epilog=render_wait.EPILOG)(render_wait.wait)
app.command("list", epilog=render_look.LIST_EPILOG)(render_look.list_jobs)
app.command("show", epilog=render_look.SHOW_EPILOG)(render_look.show)
app.command("tasks", epilog=render_look.TASKS_EPILOG)(render_look.tasks)
app.command("log", epilog=render_look.LOG_EPILOG)(render_look.log)
app.command("sheet", epilog=render_look.SHEET_EPILOG)(render_look.sheet)
app.command("cancel", epilog=render_change.CANCEL_EPILOG)(render_change.cancel)
app.command("retry", epilog=render_change.RETRY_EPILOG)(render_change.retry)
app.command("hold", epilog=render_change.HOLD_EPILOG)(render_change.hold)
app.command("release", epilog=render_change.RELEASE_EPILOG)(render_change.release)
app.command("priority", epilog=render_change.PRIORITY_EPILOG)(render_change.priority)
app.command("farms", epilog=render_about.FARMS_EPILOG)(render_about.farms)
app.command("templates", epilog=render_about.TEMPLATES_EPILOG)(render_about.templates)
app.command("presets", epilog=render_about.PRESETS_EPILOG)(render_about.presets)
