"""One process that publishes, recovers or adopts, and may kill itself at a named moment.

``python -m tests.torture.publisher JOB.json`` prints one JSON object. The job names the environment of the studio, the
state folder, what to do, and ``die_at``: ``["checkpoint", n]`` kills at its n-th passing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from onepiece_core.config import ConfigSources, load_settings
from onepiece_core.errors import OnePieceError
from onepiece_core.progress import Reporter
from onepiece_core.publish.apply import apply_publish
from onepiece_core.publish.build import build_parts
from onepiece_core.publish.parts import PublishParts
from onepiece_core.publish.plan import plan_publish
from onepiece_core.publish.recover import adopt, list_place, recover_all
from onepiece_core.publish.request import PublishRequest


class Fate:
    """Kills this process at the n-th passing of one moment, and remembers which moments there are."""

    def __init__(self, moment: str | None, nth: int, trace: Path | None) -> None:
        self._moment, self._nth, self._trace = moment, nth, trace
        self._passed: Counter[str] = Counter()

    def __call__(self, moment: str) -> None:
        self._passed[moment] += 1
        if self._trace is not None:
            with self._trace.open("a") as file:
                file.write(f"{moment} {self._passed[moment]}\n")
        if moment == self._moment and self._passed[moment] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Passes every call on; the process may die just before one, or between its reply and whoever waits for it."""

    def __init__(self, inner: Any, name: str, methods: tuple[str, ...], fate: Fate) -> None:
        self._inner, self._name, self._methods, self._fate = inner, name, methods, fate

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._inner, method)
        if method not in self._methods:
            return target

        def call(*args: Any, **options: Any) -> Any:
            self._fate(f"{self._name}.{method}.before")
            reply = target(*args, **options)
            self._fate(f"{self._name}.{method}.replied")
            return reply

        return call


def mortal_parts(parts: PublishParts, fate: Fate) -> PublishParts:
    def opened(bucket: str) -> Any:
        return Mortal(parts.open_store(bucket), "store", ("put", "put_file", "copy"), fate)

    writes = ("create", "batch", "update", "upload", "upload_thumbnail")
    tracker: Any = None if parts.tracker is None else Mortal(parts.tracker, "tracker", writes, fate)
    return replace(parts, open_store=opened, tracker=tracker, checkpoint=fate)


def run(job: dict[str, Any]) -> dict[str, Any]:
    home = Path(job["state"]).parent
    settings = load_settings(
        ConfigSources(environ=job["env"], home=home, config_home=home, workspace=None, project_root=None, profile=None)
    )
    parts = build_parts(settings, Path(job["state"]), Reporter())
    if job.get("lease_seconds"):
        options = replace(parts.options, lease_seconds=job["lease_seconds"], renew_seconds=job["lease_seconds"] / 4)
        parts = replace(parts, options=options)
    if job.get("jobs"):
        parts = replace(parts, options=replace(parts.options, jobs=job["jobs"]))
    moment, nth = job.get("die_at") or (None, 0)
    trace = Path(job["trace"]) if job.get("trace") else None
    parts = mortal_parts(parts, Fate(moment, nth, trace))
    what = job["do"]
    if what == "publish":
        plan = plan_publish(PublishRequest.model_validate_json(json.dumps(job["request"])), parts)
        return apply_publish(plan, parts).as_json()
    if what == "recover":
        return {"recovered": [each.model_dump(mode="json") for each in recover_all(parts)]}
    if what == "list":
        return {"unfinished": [each.model_dump(mode="json") for each in list_place(job["at"], parts)]}
    return adopt(job["operation"], job["at"], parts).model_dump(mode="json")


def main() -> int:
    job = json.loads(Path(sys.argv[1]).read_text())
    try:
        print(json.dumps(run(job)))
    except OnePieceError as error:
        print(json.dumps({"error": error.report.model_dump(mode="json")}))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
