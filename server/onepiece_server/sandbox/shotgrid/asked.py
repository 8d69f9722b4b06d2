"""One condition of a filter and its values as a column keeps them; the site's faults for those that do not fit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

from onepiece_server.sandbox.shotgrid.faults import Fault, shown, type_fault
from onepiece_server.sandbox.shotgrid.model import Field
from onepiece_server.sandbox.shotgrid.values import escaped

INTEGERS = frozenset({"number", "percent", "duration", "timecode"})
FLOATS = frozenset({"float", "currency"})
NUMBERS = INTEGERS | FLOATS
DATES = frozenset({"date", "date_time"})

_WHOLE = re.compile(r"-?[0-9]{1,40}")
_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


class Expression(NamedTuple):
    """An expression and what is bound to it.

    Attributes:
        weight: how much of SQLite's parser stack (100 places) it takes.
    """

    text: str
    params: list[Any]
    weight: int = 10


@dataclass(frozen=True)
class Condition:
    """``path relation values``: what a caller asks of ``field``, at which the path ends."""

    method: str
    path: str
    field: Field
    relation: str
    values: list[Any]
    zone: tzinfo = UTC

    def fault(self, why: str) -> Fault:
        return Fault(f"API {self.method}() {why}")

    def wrong_type(self, expected: list[str], value: object) -> Fault:
        return type_fault(self.method, self.field.path, expected, value)

    def one(self) -> Any:
        """The value of a relation that takes one."""
        return self.several(1)[0]

    def several(self, count: int) -> list[Any]:
        if len(self.values) != count:
            raise self.fault(f"'{self.relation}' 'relation' expects a {count}-element array: {shown(self.values)}")
        return self.values


def unsupported(condition: Condition, known: tuple[str, ...]) -> Fault:
    """The data type has no such relation, or none at all."""
    field = condition.field
    asked = {"path": condition.path, "relation": condition.relation, "values": condition.values}
    head = f"{field.path}'s '{field.data_type}' data type"
    if not known:
        return condition.fault(f"{head} cannot be used in a filter. Value: {shown(asked)}")
    return condition.fault(
        f"{head} doesn't support '{condition.relation[:60]}' 'relation'. Value: {shown(asked)}\n"
        f"Valid relations: {shown(list(known), 1000)}"
    )


def flat(values: list[Any]) -> list[Any]:
    """``[[a, b]]`` means the same as ``[a, b]``."""
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def text(condition: Condition, value: Any) -> str:
    """Text as columns hold it."""
    if not isinstance(value, str):
        raise condition.wrong_type(["String", "NilClass"], value)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise condition.fault(f"{condition.field.path}: invalid byte sequence for encoding UTF8") from error
    if "\0" in value:
        raise condition.fault(f"{condition.field.path}: string contains null byte")
    return escaped(value)


def kept(condition: Condition, value: Any) -> Any:
    """``value`` as the column of a number, date, time or checkbox keeps it; None for no value."""
    data_type = condition.field.data_type
    if data_type == "checkbox":
        return _checkbox(condition, value)
    if value is None:
        return None
    if data_type in NUMBERS or data_type == "image":
        return _number(condition, value)
    if value == "":
        return None
    return _date(condition, value) if data_type == "date" else _date_time(condition, value)


def _checkbox(condition: Condition, value: Any) -> int:
    if isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise _no_data(condition, value)
        return int(value.lower() == "true")
    if not isinstance(value, bool):
        raise condition.wrong_type(["String", "FalseClass", "TrueClass"], value)
    return int(value)


def _number(condition: Condition, value: Any) -> int | float:
    whole = condition.field.data_type in INTEGERS
    if isinstance(value, str):
        if not (_WHOLE if whole else _DECIMAL).fullmatch(value):
            raise _no_data(condition, value)
        value = int(value) if whole else float(value)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        names = ["Integer"] if whole else ["BigDecimal", "Float"]
        raise condition.wrong_type(["String", *names, "NilClass"], value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _no_data(condition, str(value))
    # Nothing that we keep is as large: the comparison stays right and SQLite can bind it.
    return max(min(value, 2**62), -(2**62))


def _no_data(condition: Condition, value: str) -> Fault:
    return condition.fault(
        f"{condition.field.path}: Invalid data for '{condition.field.data_type}' data type. Value: {value[:80]}"
    )


def _date(condition: Condition, value: Any) -> str:
    try:
        if not _DATE.fullmatch(text(condition, value)):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise condition.fault(
            f"{condition.field.path}: Invalid date format: {value[:40]}. Correct format is: 2011-01-21"
        ) from error


def _date_time(condition: Condition, value: Any) -> str:
    """Text of a moment, without a zone in UTC, without a time at midnight."""
    try:
        if not _DATE_TIME.fullmatch(text(condition, value)):
            raise ValueError
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return told(moment)
    except (ValueError, OverflowError) as error:
        raise condition.fault(
            f"{condition.field.path}: Invalid date time format: {value[:40]}. Correct format is 2011-01-21T13:26:09Z "
            "(UTC), 2011-01-21T13:26:09-07:00 (UTC Offset) or any ISO8601 compatible string."
        ) from error


def told(moment: datetime) -> str:
    """A moment of UTC as columns keep it."""
    # strftime writes years before 1000 with fewer digits.
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
