"""The publish panel without its widgets: what is shown, and what each button does.

Everything happens on the host's main thread. ``on_change`` is called whenever something to be drawn has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onepiece_hosts.errors import HostError
from onepiece_hosts.facts import Collector
from onepiece_hosts.host import Host
from onepiece_hosts.panels.steps import Steps
from onepiece_hosts.panels.thumbnails import Thumbnails
from onepiece_hosts.worker import Worker

# What the panel is busy with.
COLLECTING = "collecting"  # the scene is read, in slices
CHECKING = "checking"  # the worker applies the rules
READY = "ready"
PUBLISHING = "publishing"
DONE = "done"
FAILED = "failed"

# How long one slice of collecting may hold the main thread.
_SLICE_SECONDS = 0.02

Finding = dict[str, Any]
Item = dict[str, Any]


def _nothing() -> None:
    pass


class PublishModel:
    """One publish panel.

    Attributes:
        state: one of the constants above.
        context: project, entity and task as links, None where nothing is chosen.
        items: what will be published, as the worker's tree.
        findings: what the rules found, the worst first.
        request: the PublishRequest that Publish sends, as the worker proposes it; None while something is lacking.
        lacking: the fields of the request that nobody has named yet.
        overrides: what the artist changed in it; ``excluded`` are the ids of items that stay out.
        progress: the worker's last progress, None before the first.
        steps: the same as what has been done, is done and will be done.
        operation: the publish that runs or ran; any panel finds it again by it.
        is_cancel_asked: the artist has pressed Cancel and is asked whether that is meant.
        is_stopping: that was meant; the worker takes everything back.
        result: of the publish or of the dry run.
        saved: the file that holds the request for another time, once it was saved.
        error: what went wrong last; the error box shows it.
    """

    def __init__(self, host: Host, worker: Worker, on_change: Callable[[], None] = _nothing) -> None:
        self._host = host
        self._worker = worker
        self.on_change = on_change
        self._collector: Collector | None = None
        self._call: int | None = None
        self._is_closed = False
        self.state = COLLECTING
        self.facts: dict[str, Any] | None = None
        self.context: dict[str, Any] = {"project": None, "entity": None, "task": None}
        self.items: list[Item] = []
        self.findings: list[Finding] = []
        self.ignored: list[dict[str, Any]] = []
        self.request: dict[str, Any] | None = None
        self.lacking: list[str] = []
        self.overrides: dict[str, Any] = {}
        self.progress: dict[str, Any] | None = None
        self.steps = Steps()
        self.warnings: list[dict[str, Any]] = []
        self.operation: str | None = None
        self.is_cancel_asked = self.is_stopping = False
        self.pictures = Thumbnails(worker, self._change)
        self.result: dict[str, Any] | None = None
        self.saved: str | None = None
        self.error: HostError | None = None

    # What is shown

    @property
    def files_read(self) -> int:
        """Files found so far, while the scene is read."""
        return self._collector.count if self._collector else 0

    @property
    def blocking(self) -> list[Finding]:
        """Errors that nobody has ignored: while there is one, Publish is off."""
        return [one for one in self.findings if one["severity"] == "error" and not self.is_ignored(one)]

    @property
    def can_publish(self) -> bool:
        return self.state in (READY, FAILED) and self.request is not None and not self.blocking

    def is_ignored(self, finding: Finding) -> bool:
        return any(one["rule"] == finding["rule"] and one["nodes"] == finding["nodes"] for one in self.ignored)

    def reason_of(self, finding: Finding) -> str:
        """Why it is ignored; empty when it is not."""
        same = (one for one in self.ignored if (one["rule"], one["nodes"]) == (finding["rule"], finding["nodes"]))
        return next((str(one["reason"]) for one in same), "")

    @property
    def excluded(self) -> list[str]:
        """Ids of the items that the artist took out."""
        return list(self.overrides.get("excluded") or ())

    def can_toggle(self, item: Item) -> bool:
        """Files that the scene only uses, and renders that are not there, are in no publish anyway."""
        return any(True for _ in self._choices(item))

    def is_included(self, item: Item) -> bool:
        """Whether it, or something of a group, will be published."""
        return any(one["is_included"] and one["id"] not in self.excluded for one in _leaves(item))

    def picture(self, item: Item) -> str | None:
        """A small picture of an item on this machine; None while there is none, ``on_change`` tells when it comes."""
        return self.pictures.find(item.get("thumbnail"))

    # What the artist does

    def open(self) -> None:
        """The panel appears: look on at a publish of this scene that still runs, else read the scene."""
        self._worker.request("publish.list", {"limit": 20}, on_result=self._opened, on_error=lambda _: self.refresh())

    def refresh(self) -> None:
        """Read the scene again and check it."""
        if self.state == PUBLISHING:
            return
        self.pictures.forget()
        self._change(state=COLLECTING, error=None)
        self._collector = Collector(self._host)
        self._host.call_later(self._read_on)

    def choose(self, **links: Any) -> None:
        """Another project, entity or task; the checks follow."""
        self.context.update(links)
        self.check()

    def override(self, **fields: Any) -> None:
        """Other values in the request; None takes the proposal again."""
        self.overrides.update(fields)
        self.overrides = {name: value for name, value in self.overrides.items() if value is not None}
        self.check()

    def toggle(self, item_id: str) -> None:
        """Take an item out of the publish, or in again; a group with all that is in it: one that is half in comes in.

        The next check says what that leaves.
        """
        item = next((one for one in _all(self.items) if one["id"] == item_id), None)
        ids = [one["id"] for one in self._choices(item)] if item else []
        if item is None or not ids or self.state == PUBLISHING:
            return
        kept = [one for one in self.excluded if one not in ids]
        is_whole = not set(ids) & set(self.excluded)
        self.override(excluded=[*kept, *ids] if is_whole else kept or None)

    def select(self, finding: Finding) -> None:
        """Show in the scene what a finding is about."""
        self._act(str(finding.get("select") or "select.nodes"), finding)
        self.on_change()

    def fix(self, finding: Finding) -> None:
        """Repair it in the scene, and look again."""
        if finding.get("fix") and self._act(str(finding["fix"]), finding):
            self.refresh()
        else:
            self.on_change()

    def ignore(self, finding: Finding, reason: str) -> None:
        """Publish in spite of it. Needs a reason, which stays with the publish."""
        if finding.get("may_ignore") and reason.strip():
            told = {"rule": finding["rule"], "nodes": finding["nodes"], "reason": reason.strip()}
            self._change(ignored=[*self.ignored, told])

    def unignore(self, finding: Finding) -> None:
        """It counts again."""
        kept = [one for one in self.ignored if (one["rule"], one["nodes"]) != (finding["rule"], finding["nodes"])]
        self._change(ignored=kept)

    def publish(self, comment: str = "", *, is_dry_run: bool = False) -> None:
        if not self.can_publish:
            return
        params = self._asked(comment)
        self._change(
            state=PUBLISHING, progress=None, steps=Steps(), result=None, error=None, operation=None, warnings=[]
        )
        method = "publish.plan" if is_dry_run else "publish.start"
        self._run(method, params, READY if is_dry_run else DONE)

    def save_request(self, comment: str = "") -> None:
        """Keep what Publish would send in a file beside the scene, for ``onepiece dcc publish --request``."""
        scene = self._host.scene_path()
        if not self.can_publish or scene is None:
            return
        path = f"{scene.rpartition('.')[0] or scene}.publish.json"
        self._worker.request(
            "publish.save",
            {**self._asked(comment), "path": path},
            on_result=lambda told: self._change(saved=str(told["path"]), error=None),
            on_error=lambda error: self._change(error=error),
        )

    def _asked(self, comment: str) -> dict[str, Any]:
        asked = {**(self.request or {}), "comment": comment}
        return {"request": asked, "facts": self.facts, "ignored": self.ignored}

    def ask_cancel(self) -> None:
        """Cancel was pressed: whoever draws asks whether it is meant; then :meth:`cancel` or :meth:`keep_going`."""
        if self.state == PUBLISHING and not self.is_stopping:
            self._change(is_cancel_asked=True)

    def keep_going(self) -> None:
        """It was not meant."""
        self._change(is_cancel_asked=False)

    def cancel(self) -> None:
        """Stop the publish that runs. It may still be done before it hears of it."""
        if self._call is not None and self.state == PUBLISHING:
            self._worker.cancel(self._call)
            self._change(is_cancel_asked=False, is_stopping=True)

    def close(self) -> None:
        """The panel goes; a publish does not stop."""
        self._is_closed = True
        self.pictures.close()
        self._collector = None

    # Inside

    def _opened(self, told: Mapping[str, Any]) -> None:
        scene = self._host.scene_path() or ""
        stem = scene.rpartition("/")[2].rpartition(".")[0]
        running = [one for one in told["items"] if one["state"] == "running" and stem and one["name"].startswith(stem)]
        if not running:
            self.refresh()
            return
        progress = running[0]["progress"]
        if progress:
            self.steps.take(progress)
        self._change(state=PUBLISHING, operation=running[0]["operation"], progress=progress)
        self._run("publish.attach", {"operation": self.operation}, DONE)

    def _read_on(self) -> None:
        if self._collector is None or self._is_closed:
            return
        if self._collector.work(_SLICE_SECONDS):
            self.facts, self._collector = self._collector.facts, None
            self.check()
            return
        self.on_change()
        self._host.call_later(self._read_on)

    def check(self) -> None:
        """Ask the worker what the rules say of the scene as it was read."""
        if self.facts is None or self.state == PUBLISHING:
            return
        self._change(state=CHECKING)
        params = {"facts": self.facts, "context": self.context, "request": self.overrides}
        number: list[int] = []

        def checked(told: Mapping[str, Any]) -> None:
            if number == [self._call]:  # another question has been asked since
                self._change(
                    state=READY,
                    context={**self.context, **told["context"]},
                    items=told["items"],
                    findings=told["findings"],
                    request=told["request"],
                    lacking=told.get("lacking") or [],
                )

        def failed(error: HostError) -> None:
            if number == [self._call]:  # what was not checked as it is now is not published
                self._change(state=FAILED, error=error, request=None)

        self._call = self._worker.request("publish.check", params, on_result=checked, on_error=failed)
        number.append(self._call)

    def _run(self, method: str, params: Mapping[str, Any], state: str) -> None:
        self._call = self._worker.request(
            method,
            params,
            on_event=self._happened,
            on_result=lambda result: self._end(state=state, result=result),
            on_error=lambda error: self._end(state=FAILED, error=error),
        )

    def _end(self, **values: Any) -> None:
        self._change(is_cancel_asked=False, is_stopping=False, **values)

    def _happened(self, event: str, data: dict[str, Any]) -> None:
        if event == "progress":
            self.steps.take(data)
            self._change(progress=data)
        elif event == "warning":
            self._change(warnings=[*self.warnings, data])
        elif event == "step":
            self._change(operation=data.get("operation", self.operation))

    def _choices(self, item: Item) -> Iterator[Item]:
        """The items that the artist may take out, or has taken out."""
        return (one for one in _leaves(item) if one["is_included"] or one["id"] in self.excluded)

    def _act(self, action: str, finding: Finding) -> bool:
        try:
            known = self._host.actions().get(action)
            if known is None:
                raise HostError("host.no_action", f"{self._host.label} has no way to do that.", action=action)
            known(finding["nodes"], finding.get("context") or {})
        except HostError as error:
            self.error = error
            return False
        return True

    def _change(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        if not self._is_closed:
            self.on_change()


def _all(items: list[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _all(item.get("children") or [])


def _leaves(item: Item) -> Iterator[Item]:
    """An item, or what is in a group."""
    return (one for one in _all([item]) if not one.get("children"))
