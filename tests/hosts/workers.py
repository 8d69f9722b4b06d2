"""Workers for the tests of the client: ``python -m tests.hosts.workers KIND [FILE]``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from onepiece_core.errors import SceneMissing
from onepiece_core.progress import Progress, Warned
from onepiece_core.worker.loop import Call, Loop
from onepiece_core.worker.protocol import Replies


def echo(_session: None, call: Call) -> Any:
    return call.params


def count(_session: None, call: Call) -> Any:
    """Slowly, to be cancelled."""
    for number in range(call.params["to"]):
        call.reporter.step(Progress(operation="count", phase="count", done=number + 1, total=call.params["to"]))
        time.sleep(call.params.get("pause", 0))
    return {"counted": call.params["to"]}


def refuse(_session: None, call: Call) -> Any:
    call.warn(Warned(code="test.warned", message="careful"))
    raise SceneMissing("there is no such scene", hint="Look elsewhere.", scene=call.params["scene"])


def fail(_session: None, _call: Call) -> Any:
    raise ZeroDivisionError("ours")


def write_later(_session: None, call: Call) -> Any:
    """What goes on after the host has gone."""
    call.step({"begun": True})
    time.sleep(0.5)
    Path(call.params["path"]).write_text("finished")
    return {}


def say(_session: None, call: Call) -> Any:
    sys.stderr.write("a library's chatter\n")
    return {}


METHODS = {"echo": echo, "count": count, "refuse": refuse, "fail": fail, "write_later": write_later, "say": say}


def main() -> None:
    kind = sys.argv[1]
    if kind == "other":
        hello = {"protocol": "onepiece.worker.99", "version": "9", "pid": 1}
        print(json.dumps({"id": None, "event": "hello", "data": hello}), flush=True)
        sys.stdin.read()
    elif kind == "chatty":
        print("a library that prints to stdout", flush=True)
        Loop(None, METHODS, Replies(sys.stdout.buffer)).serve(sys.stdin.buffer)
    elif kind == "broken":
        sys.stderr.write("no module named something\n")
        sys.exit(3)
    else:
        Loop(None, METHODS, Replies(sys.stdout.buffer)).serve(sys.stdin.buffer)


if __name__ == "__main__":
    main()
