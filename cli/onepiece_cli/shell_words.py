"""Commands that set variables, in the words of a shell."""

from __future__ import annotations

import re
import shlex


def set_variable(name: str, value: str, shell: str, *, prepends: bool = False) -> str:
    """One line for ``posix`` or ``powershell``. With ``prepends`` the value stands before what the variable holds."""
    if shell == "powershell":
        # PowerShell takes curly quotes for straight ones.
        quoted = "'" + re.sub("(['\u2018-\u201b])", r"\1\1", value) + "'"
        rest = f" + $(if ($env:{name}) {{ [IO.Path]::PathSeparator + $env:{name} }})" if prepends else ""
        return f"$env:{name} = {quoted}{rest}"
    rest = f'"${{{name}:+:${name}}}"' if prepends else ""
    return f"export {name}={shlex.quote(value)}{rest}"
