"""Requests about publishes that were interrupted: list them, finish them."""

from __future__ import annotations

from typing import Any

from onepiece_core.progress import Progress
from onepiece_core.publish.recover import list_journal, recover_all
from onepiece_core.worker.loop import Call, Method
from onepiece_core.worker.session import Session


def listing(session: Session, call: Call) -> Any:
    """What is unfinished on this machine."""
    found = list_journal(session.parts(call.reporter))
    return {"items": [each.model_dump(mode="json") for each in found]}


def run(session: Session, call: Call) -> Any:
    """Complete what can be completed, one operation after the other; each ends with an outcome of its own."""
    parts = session.parts(call.reporter)
    total = sum(1 for _ in list_journal(parts))
    recovered: list[dict[str, Any]] = []
    for each in recover_all(parts):
        recovered.append(each.model_dump(mode="json"))
        done = Progress(operation="recover", phase="recover", done=len(recovered), total=max(total, len(recovered)))
        call.reporter.step(done)
    return {"recovered": recovered}


METHODS: dict[str, Method[Session]] = {"recover.list": listing, "recover.run": run}
