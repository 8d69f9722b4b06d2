"""The plan of what a studio does wrong on purpose.

::

    {"schema": "onepiece.faults.1", "seed": 7, "rules": [
      {"target": "shotgrid", "method": "create", "fault": "drop_reply", "nth": 3},
      {"target": "shotgrid", "method": ["create", "batch"], "fault": "commit_late", "probability": 0.1, "seconds": 2},
      {"target": "s3", "method": "PUT", "fault": "slow_down", "every": 7, "key": "*.exr"}]}

Each rule counts the calls that it fits; the first rule whose turn it is spoils a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

Target = Literal["shotgrid", "s3"]
FaultName = Literal[
    "too_many",
    "unavailable",
    "hang",
    "slow",
    "drop_request",
    "drop_reply",
    "commit_late",
    "error",
    "thumbnail_stuck",
    "slow_down",
    "truncate",
]
_ONLY: dict[FaultName, Target] = {"thumbnail_stuck": "shotgrid", "slow_down": "s3", "truncate": "s3"}
_WITH_RETRY_AFTER = ("too_many", "unavailable", "slow_down")
_CUTTING = ("hang", "drop_request", "drop_reply", "commit_late", "truncate")
_WITH_SECONDS = ("slow", "commit_late")

VERBS = ("GET", "HEAD", "PUT", "POST", "DELETE")
UPLOADS = (
    "upload_file",
    "publish_thumbnail",
    "share_thumbnail",
    "api_get_upload_link_info",
    "api_get_upload_link_for_part",
    "api_complete_multipart_upload",
    "api_link_file",
)

Count = Annotated[int, Field(strict=True, ge=1)]
Seconds = Annotated[float, Field(strict=True, ge=0, le=86_400, allow_inf_nan=False)]


class Rule(BaseModel, frozen=True, extra="forbid"):
    """One thing that goes wrong. Without ``nth``, ``every`` and ``probability``: at every call that it fits.

    Attributes:
        method: names of wire methods, upload endpoints (``upload_file``) or HTTP verbs; ``*`` fits all.
        fault: ``too_many`` and ``unavailable`` answer 429 and 503 with ``retry_after_seconds``; ``hang`` never
            answers, ``slow`` answers later; ``drop_request`` cuts the connection, ``drop_reply`` does the work and
            then cuts it; ``commit_late`` does the work ``seconds`` after the call came, without an answer; ``error``
            answers with ``message``; with ``thumbnail_stuck`` new pictures stay pending while the rule stands.
            S3 alone: ``slow_down`` answers 503 SlowDown, ``truncate`` cuts the connection in the middle of the body.
        nth: only the nth call that fits, from 1.
        every: each nth of them.
        probability: each of them with this chance; the draws follow from the plan's seed.
        times: at most so often.
        cut: how a connection is cut: ``reset`` (RST, the usual one) is an error to every client; after ``close``
            (FIN) shotgun_api3 silently sends its request once more.
        seconds: for ``slow`` and ``commit_late``; for ``hang`` the longest time.
        error_code: of the Fault; for S3 the HTTP status.
        key: a pattern (``*.exr``) that the object's key fits, without its bucket.
    """

    target: Target = "shotgrid"
    method: tuple[str, ...] = ("*",)
    fault: FaultName
    nth: Count | None = None
    every: Count | None = None
    probability: Annotated[float, Field(strict=True, gt=0, le=1)] | None = None
    times: Count | None = None
    seconds: Seconds | None = None
    cut: Literal["reset", "close"] | None = None
    retry_after_seconds: Annotated[int, Field(strict=True, ge=0, le=86_400)] | None = None
    message: Annotated[str, Field(strict=True, min_length=1, max_length=1000)] | None = None
    error_code: Annotated[int, Field(strict=True, ge=1, le=9999)] | None = None
    key: Annotated[str, Field(strict=True, min_length=1, max_length=1024)] | None = None

    @field_validator("method", mode="before")
    @classmethod
    def _as_names(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        only = _ONLY.get(self.fault)
        if only not in (None, self.target):
            raise ValueError(f"{self.fault} is a fault of {only}, not of {self.target}")
        if sum(each is not None for each in (self.nth, self.every, self.probability)) > 1:
            raise ValueError("nth, every and probability exclude each other")
        if self.fault in _WITH_SECONDS and self.seconds is None:
            raise ValueError(f"{self.fault} needs seconds")
        for name, is_foreign in self._foreign():
            if is_foreign and getattr(self, name) is not None:
                raise ValueError(f"{name} has no meaning for {self.fault} of {self.target}")
        if self.error_code is not None and self.target == "s3" and not 400 <= self.error_code < 600:
            raise ValueError("error_code of an S3 rule is an HTTP status from 400 to 599")
        self._check_methods()
        return self

    def _foreign(self) -> Iterable[tuple[str, bool]]:
        stuck = self.fault == "thumbnail_stuck"
        return [
            ("seconds", self.fault not in (*_WITH_SECONDS, "hang")),
            ("retry_after_seconds", self.fault not in _WITH_RETRY_AFTER),
            ("cut", self.fault not in _CUTTING),
            ("message", self.fault != "error"),
            ("error_code", self.fault != "error"),
            ("key", self.target != "s3"),
            *((name, stuck) for name in ("nth", "every", "probability", "times")),
        ]

    def _check_methods(self) -> None:
        known = VERBS if self.target == "s3" else shotgrid_methods()
        for name in self.method:
            if name != "*" and name not in known:
                raise ValueError(f"{self.target} has no method {name[:60]!r}{_meant(name, known)}")
        if not self.method:
            raise ValueError("method names no method")
        if self.fault == "thumbnail_stuck" and self.method != ("*",):
            raise ValueError("thumbnail_stuck holds every picture: it takes no method")


class Plan(BaseModel, frozen=True, extra="forbid", serialize_by_alias=True):
    """Attributes:

    seed: of the draws of all rules with a ``probability``.
    """

    schema_: Literal["onepiece.faults.1"] = Field("onepiece.faults.1", alias="schema")
    seed: int = Field(0, strict=True)
    rules: tuple[Rule, ...] = Field((), max_length=1000)

    def of(self, target: Target) -> Plan:
        """The part of the plan that is about one server."""
        return self.model_copy(update={"rules": tuple(rule for rule in self.rules if rule.target == target)})


NO_FAULTS = Plan()


class PlanInvalid(ValueError):
    """Attributes:

    problems: lines of the form ``path: message``.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def read_plan(path: Path) -> Plan:
    """The plan in a file: TOML when it is called so, otherwise JSON.

    Raises:
        PlanInvalid: it holds none, or cannot be read.
    """
    try:
        text = path.read_bytes()
    except OSError as cause:
        raise PlanInvalid([f"plan: cannot read {path}: {cause.strerror}"]) from cause
    return parsed_plan(text, is_toml=path.suffix.lower() == ".toml")


def parsed_plan(text: str | bytes, *, is_toml: bool = False) -> Plan:
    """The plan that a document says.

    Raises:
        PlanInvalid: it says none.
    """
    import json
    import tomllib

    try:
        content = text.decode() if isinstance(text, bytes) else text
        document = tomllib.loads(content) if is_toml else json.loads(content)
    except (ValueError, RecursionError) as cause:
        kind = "TOML" if is_toml else "JSON"
        raise PlanInvalid([f"plan: no {kind}: {str(cause)[:200]}"]) from cause
    return checked_plan(document)


def checked_plan(document: Any) -> Plan:
    """The plan that parsed JSON or TOML says.

    Raises:
        PlanInvalid: it says none.
    """
    if isinstance(document, dict) and "schema" not in document:
        raise PlanInvalid(['schema: missing; a plan begins with "schema": "onepiece.faults.1"'])
    try:
        return Plan.model_validate(document)
    except ValidationError as cause:
        raise PlanInvalid([_line(error["loc"], error["msg"]) for error in cause.errors()]) from cause


def shotgrid_methods() -> tuple[str, ...]:
    """Every name that a rule of the site may have."""
    from onepiece_server.sandbox.shotgrid.rpc import METHODS

    return ("info", *METHODS, *UPLOADS, *VERBS)


def _line(place: Iterable[int | str], message: str) -> str:
    path = ""
    for part in place:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return f"{path or 'plan'}: {message.removeprefix('Value error, ')}"


def _meant(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]!r}?" if close else ""
