"""One module a command group; each has an ``app`` (typer.Typer) that is imported when the command is used."""
