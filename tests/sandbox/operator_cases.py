"""The truth about filters: which relations each data type has, and which rows each of them finds.

Data only: importing this module does nothing. ``ROWS`` holds the one small set of rows of each data type, ``RELATIONS``
what may be asked of it, ``CASES`` what is asked and found. A data type without relations cannot be used in a filter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """``field relation *values`` finds the rows of the data type with the names in ``found``."""

    data_type: str
    relation: str
    values: tuple[Any, ...]
    found: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.data_type} {self.relation} {', '.join(map(_shown, self.values))}"


@dataclass(frozen=True)
class Row:
    """Stands for a row that fields of links lead to."""

    name: str


@dataclass(frozen=True)
class Id:
    """Stands for the id of such a row."""

    name: str


@dataclass(frozen=True)
class Day:
    """Stands for a day, counted from today."""

    days: int


@dataclass(frozen=True)
class Moment:
    """Stands for a moment, counted from now."""

    hours: float


@dataclass(frozen=True)
class Offset:
    """Stands for the number of calendar days, weeks, months or years between now and that moment."""

    unit: str
    hours: float


# What links lead to: name -> entity type and the name that people see.
LINKED = {
    "one": ("Shot", "Shot_one"),
    "two": ("Shot", "Shot_two"),
    "street": ("Asset", "Straße"),
    "monday": ("Playlist", "Dailies Monday"),
    "client": ("Playlist", "Client"),
    "ada": ("HumanUser", "Ada Berg"),
    "reviewers": ("Group", "Reviewers"),
    "hero": ("Tag", "Hero"),
}

_ALL_TEXT = ("comp", "mark", "ring", "sharp", "double", "dotted", "sigma", "kelvin")
_PAST, _NEXT, _FAR = -5, 40, 800

ROWS: dict[str, dict[str, Any]] = {
    "text": {
        "comp": "Comp_v001",
        "mark": "a < b, 100% done_x",
        "ring": "ÅNGSTRÖM",
        "sharp": "Straße",
        "double": "STRASSE",
        "dotted": "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}zmir",
        "sigma": "\N{GREEK CAPITAL LETTER DELTA}\N{GREEK CAPITAL LETTER SIGMA}",
        "kelvin": "273\N{KELVIN SIGN}",
        "none": None,
    },
    "number": {"big": 1001, "zero": 0, "minus": -5, "none": None},
    "currency": {"price": 12.5, "zero": 0.0, "debt": -0.25, "none": None},
    "float": {"film": 23.976, "whole": 24.0, "minus": -1.5, "none": None},
    "percent": {"half": 50, "zero": 0, "over": 120, "none": None},
    "duration": {"day": 480, "zero": 0, "hour": 60, "none": None},
    "timecode": {"second": 1000, "zero": 0, "minus": -1, "none": None},
    "date": {"past": Day(_PAST), "today": Day(0), "next": Day(_NEXT), "far": Day(_FAR), "none": None},
    "date_time": {
        "past": Moment(-3),
        "next": Moment(_NEXT * 24),
        "far": Moment(_FAR * 24),
        "midnight": "2026-03-04T00:00:00Z",
        "night": "2026-03-04T00:30:00Z",
        "none": None,
    },
    "checkbox": {"yes": True, "no": False},
    "list": {"dailies": "Dailies", "client": "Client", "over": "Über", "none": None},
    "status_list": {"review": "rev", "approved": "apr", "none": None},
    "color": {"red": "255,0,0", "step": "pipeline_step", "none": None},
    "entity_type": {"shot": "Shot", "asset": "Asset", "none": None},
    "uuid": {
        "one": "6b1c9d1e-0000-4000-8000-000000000001",
        "two": "6b1c9d1e-0000-4000-8000-000000000002",
        "none": None,
    },
    "footage": {"short": "10-05", "long": "100-00", "none": None},
    "system_task_type": {"edit": "edit", "review": "review", "none": None},
    "entity": {"one": Row("one"), "two": Row("two"), "street": Row("street"), "none": None},
    "multi_entity": {
        "both": (Row("monday"), Row("client")),
        "monday": (Row("monday"),),
        "shot": (Row("one"),),
        "none": (),
    },
    "addressing": {
        "both": (Row("ada"), Row("reviewers")),
        "ada": (Row("ada"),),
        "group": (Row("reviewers"),),
        "none": (),
    },
    "tag_list": {"both": ("hero", "Vip < 3"), "vip": ("Vip < 3",), "none": ()},
    "image": {"picture": True, "none": None},
    "url": {"none": None},
    "serializable": {"none": None},
    "jsonb": {"none": None},
    "password": {"none": None},
    "summary": {"none": None},
    "calculated": {"none": None},
    "pivot_column": {"none": None},
}

_CHOICE = ("is", "is_not", "in", "not_in")
_FLOAT = ("is", "is_not", "less_than", "greater_than", "between", "in", "not_in")
_DATE = (
    *("is", "is_not", "greater_than", "less_than", "in_last", "not_in_last", "in_next", "not_in_next"),
    *("in_calendar_day", "in_calendar_week", "in_calendar_month", "in_calendar_year", "between", "in", "not_in"),
)
_MANY = ("is", "is_not", "type_is", "type_is_not", "name_contains", "name_not_contains", "in", "not_in")

RELATIONS: dict[str, tuple[str, ...]] = {
    "text": ("is", "is_not", "contains", "not_contains", "starts_with", "ends_with", "in", "not_in"),
    "number": (*_FLOAT, "not_between"),
    "currency": (*_FLOAT, "not_between"),
    "float": _FLOAT,
    "percent": _FLOAT,
    "duration": _FLOAT,
    "timecode": _FLOAT,
    "date": _DATE,
    "date_time": _DATE,
    "checkbox": ("is", "is_not"),
    "list": _CHOICE,
    "status_list": _CHOICE,
    "color": _CHOICE,
    "entity_type": _CHOICE,
    "uuid": _CHOICE,
    "footage": _CHOICE,
    "system_task_type": _CHOICE,
    "entity": (*_MANY, "name_is"),
    "multi_entity": _MANY,
    "addressing": (*_MANY, "contains", "not_contains", "name_starts_with", "name_ends_with"),
    "tag_list": ("is", "is_not", "name_contains", "name_not_contains", "name_id"),
    "image": ("is", "is_not"),
    "url": (),
    "serializable": (),
    "jsonb": (),
    "password": (),
    "summary": (),
    "calculated": (),
    "pivot_column": (),
}
ALL_RELATIONS: tuple[str, ...] = tuple(dict.fromkeys(name for names in RELATIONS.values() for name in names))


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(_shown(one) for one in value[:4])
        return f"[{shown}{', ...' if len(value) > 4 else ''}]"
    return value.name if isinstance(value, Row) else str(value)


def _case(data_type: str, relation: str, *values: Any, found: str) -> Case:
    """``found``: names with blanks between them; ``*`` is all rows that have a value, ``-x`` all rows but x."""
    rows = list(ROWS[data_type])
    names: list[str] = []
    for word in found.split():
        if word == "*":
            names += [name for name in rows if name != "none"]
        elif word.startswith("-"):
            names = [name for name in (names or rows) if name != word[1:]]
        else:
            names.append(word)
    return Case(data_type, relation, values, tuple(sorted(names, key=rows.index)))


_SIGMA = "\N{GREEK SMALL LETTER DELTA}\N{GREEK SMALL LETTER SIGMA}"
_FINAL_SIGMA = "\N{GREEK SMALL LETTER DELTA}\N{GREEK SMALL LETTER FINAL SIGMA}"

_TEXT = (
    _case("text", "is", "comp_V001", found="comp"),
    _case("text", "is", "ångström", found="ring"),
    _case("text", "is", "STRAßE", found="sharp"),
    _case("text", "is", "strasse", found="double"),
    _case("text", "is", _SIGMA, found="sigma"),
    _case("text", "is", _FINAL_SIGMA, found="sigma"),
    _case("text", "is", "273k", found=""),
    _case("text", "is", "273\N{KELVIN SIGN}", found="kelvin"),
    _case("text", "is", "izmir", found=""),
    _case("text", "is", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}ZMIR", found="dotted"),
    _case("text", "is", "A < B, 100% DONE_X", found="mark"),
    _case("text", "is", None, found="none"),
    _case("text", "is", "", found="none"),
    _case("text", "is", "nobody", found=""),
    _case("text", "is_not", "COMP_v001", found="-comp"),
    _case("text", "is_not", "straße", found="-sharp"),
    _case("text", "is_not", None, found="*"),
    _case("text", "is_not", "", found="*"),
    _case("text", "contains", "OMP", found="comp"),
    _case("text", "contains", "gströ", found="ring"),
    _case("text", "contains", "ss", found="double"),
    _case("text", "contains", "ß", found="sharp"),
    _case("text", "contains", "<", found="mark"),
    _case("text", "contains", "100%", found="mark"),
    _case("text", "contains", "e_x", found="mark"),
    _case("text", "contains", "s%d", found=""),
    _case("text", "contains", "", found="*"),
    _case("text", "not_contains", "SS", found="-double"),
    _case("text", "not_contains", "ß", found="-sharp"),
    _case("text", "not_contains", "", found="none"),
    _case("text", "starts_with", "COMP", found="comp"),
    _case("text", "starts_with", "ån", found="ring"),
    _case("text", "starts_with", "stra", found="sharp double"),
    _case("text", "starts_with", "STRAS", found="double"),
    _case("text", "starts_with", "straß", found="sharp"),
    _case("text", "starts_with", "A <", found="mark"),
    _case("text", "starts_with", "omp", found=""),
    _case("text", "starts_with", "", found="*"),
    _case("text", "ends_with", "V001", found="comp"),
    _case("text", "ends_with", "röm", found="ring"),
    _case("text", "ends_with", _FINAL_SIGMA[1:], found="sigma"),
    _case("text", "ends_with", "E", found="sharp double"),
    _case("text", "ends_with", "", found="*"),
    _case("text", "in", ["comp_v001", "straße"], found="comp sharp"),
    _case("text", "in", "comp_v001", "STRASSE", found="comp double"),
    _case("text", "in", [["comp_v001", "strasse"]], found="comp double"),
    _case("text", "in", "ångström", found="ring"),
    _case("text", "in", ["comp_v001", None], found="comp none"),
    _case("text", "in", [""], found=""),
    _case("text", "in", [f"comp_v{number:03}" for number in range(1000)], found="comp"),
    _case("text", "not_in", ["comp_v001", "straße"], found="-comp -sharp"),
    _case("text", "not_in", ["comp_v001", None], found="-comp -none"),
)


def _numbers(data_type: str, high: Any, low: Any, names: tuple[str, str]) -> tuple[Case, ...]:
    """The relations of all numbers, over rows with ``high``, zero, ``low`` (below ``high``) and no value."""
    top, bottom = names
    (lowest, _), (middle, middle_name) = sorted([(low, bottom), (0, "zero")])
    return (
        _case(data_type, "is", high, found=top),
        _case(data_type, "is", str(high), found=top),
        _case(data_type, "is", 0, found="zero"),
        _case(data_type, "is", None, found="none"),
        _case(data_type, "is", 77, found=""),
        _case(data_type, "is_not", high, found=f"-{top}"),
        _case(data_type, "is_not", 0, found="-zero"),
        _case(data_type, "is_not", None, found="*"),
        _case(data_type, "less_than", high, found=f"zero {bottom}"),
        _case(data_type, "less_than", lowest, found=""),
        _case(data_type, "less_than", None, found=""),
        _case(data_type, "less_than", 10**30, found="*"),
        _case(data_type, "greater_than", middle, found=top),
        _case(data_type, "greater_than", lowest, found=f"{top} {middle_name}"),
        _case(data_type, "greater_than", None, found=""),
        _case(data_type, "greater_than", 10**30, found=""),
        _case(data_type, "between", lowest, high, found="*"),
        _case(data_type, "between", [high, middle], found=f"{top} {middle_name}"),
        _case(data_type, "between", [[0, 0]], found="zero"),
        _case(data_type, "between", [None, high], found=""),
        _case(data_type, "in", [high, 0], found=f"{top} zero"),
        _case(data_type, "in", low, None, found=f"{bottom} none"),
        _case(data_type, "in", [[high]], found=top),
        _case(data_type, "in", [77], found=""),
        _case(data_type, "not_in", [high, low], found="zero none"),
        _case(data_type, "not_in", [0, None], found=f"{top} {bottom}"),
    )


_NUMBERS = (
    *_numbers("number", 1001, -5, ("big", "minus")),
    _case("number", "in", list(range(900, 2000)), found="big"),
    _case("number", "not_between", 0, 2000, found="minus none"),
    _case("number", "not_between", [-5, -5], found="-minus"),
    _case("number", "not_between", [None, 5], found="* none"),
    *_numbers("currency", 12.5, -0.25, ("price", "debt")),
    _case("currency", "not_between", [0, 12.5], found="debt none"),
    _case("currency", "not_between", [0, None], found="* none"),
    _case("float", "is", 23.976, found="film"),
    _case("float", "is", 24, found="whole"),
    _case("float", "is", "24.0", found="whole"),
    _case("float", "is", None, found="none"),
    _case("float", "is_not", 24.0, found="-whole"),
    _case("float", "is_not", None, found="*"),
    _case("float", "less_than", 24.0, found="film minus"),
    _case("float", "less_than", None, found=""),
    _case("float", "greater_than", 23.976, found="whole"),
    _case("float", "greater_than", None, found=""),
    _case("float", "between", [23.0, 23.98], found="film"),
    _case("float", "between", [24.0, 23.976], found="film whole"),
    _case("float", "between", [None, 24.0], found=""),
    _case("float", "in", [24.0, None], found="whole none"),
    _case("float", "not_in", [24.0, None], found="film minus"),
    *_numbers("percent", 120, 50, ("over", "half")),
    *_numbers("duration", 480, 60, ("day", "hour")),
    *_numbers("timecode", 1000, -1, ("second", "minus")),
)

_DATES = (
    _case("date", "is", Day(_PAST), found="past"),
    _case("date", "is", None, found="none"),
    _case("date", "is", "", found="none"),
    _case("date", "is", "1999-12-31", found=""),
    _case("date", "is_not", Day(0), found="-today"),
    _case("date", "is_not", None, found="*"),
    _case("date", "greater_than", Day(0), found="next far"),
    _case("date", "greater_than", None, found=""),
    _case("date", "less_than", Day(0), found="past"),
    _case("date", "less_than", None, found=""),
    _case("date", "between", Day(_PAST), Day(0), found="past today"),
    _case("date", "between", [Day(_NEXT), Day(0)], found="today next"),
    _case("date", "between", [Day(0), None], found=""),
    _case("date", "in", [Day(_PAST), Day(_FAR)], found="past far"),
    _case("date", "in", Day(0), None, found="today none"),
    _case("date", "not_in", [Day(_PAST), None], found="today next far"),
    _case("date", "in_last", 10, "DAY", found="past today"),
    _case("date", "in_last", [2, "DAY"], found="today"),
    _case("date", "in_last", [200, "HOUR"], found="past today"),
    _case("date", "in_last", [1, "HOUR"], found="today"),
    _case("date", "in_last", [1, "WEEK"], found="past today"),
    _case("date", "in_last", [1, "YEAR"], found="past today"),
    _case("date", "not_in_last", [2, "DAY"], found="-today"),
    _case("date", "in_next", [10, "DAY"], found="today"),
    _case("date", "in_next", [6, "WEEK"], found="today next"),
    _case("date", "in_next", [2, "MONTH"], found="today next"),
    _case("date", "in_next", 3, "YEAR", found="today next far"),
    _case("date", "not_in_next", [2, "MONTH"], found="past far none"),
    _case("date", "in_calendar_day", 0, found="today"),
    _case("date", "in_calendar_day", [_PAST], found="past"),
    _case("date", "in_calendar_day", _NEXT, found="next"),
    _case("date", "in_calendar_day", 1, found=""),
    _case("date", "in_calendar_week", Offset("WEEK", _NEXT * 24), found="next"),
    _case("date", "in_calendar_month", Offset("MONTH", _NEXT * 24), found="next"),
    _case("date", "in_calendar_year", Offset("YEAR", _FAR * 24), found="far"),
    _case("date_time", "is", Moment(-3), found="past"),
    _case("date_time", "is", "2026-03-04", found="midnight"),
    _case("date_time", "is", "2026-03-04T02:30:00+02:00", found="night"),
    _case("date_time", "is", "2026-03-04T00:30:00", found="night"),
    _case("date_time", "is", None, found="none"),
    _case("date_time", "is_not", Moment(-3), found="-past"),
    _case("date_time", "is_not", None, found="*"),
    _case("date_time", "greater_than", Moment(0), found="next far"),
    _case("date_time", "greater_than", "2026-03-04", found="past next far night"),
    _case("date_time", "greater_than", None, found=""),
    _case("date_time", "less_than", Moment(0), found="past midnight night"),
    _case("date_time", "less_than", None, found=""),
    _case("date_time", "between", "2026-03-04", "2026-03-05", found="midnight night"),
    _case("date_time", "between", [Moment(24), Moment(-24)], found="past"),
    _case("date_time", "between", [None, Moment(0)], found=""),
    _case("date_time", "in", [Moment(-3), "2026-03-04"], found="past midnight"),
    _case("date_time", "in", [Moment(-3), None], found="past none"),
    _case("date_time", "not_in", [Moment(-3), None], found="-past -none"),
    _case("date_time", "in_last", 4, "HOUR", found="past"),
    _case("date_time", "in_last", [2, "HOUR"], found=""),
    _case("date_time", "in_last", [1, "DAY"], found="past"),
    _case("date_time", "in_last", [1, "WEEK"], found="past"),
    _case("date_time", "in_last", [1, "MONTH"], found="past"),
    _case("date_time", "in_last", [100, "YEAR"], found="past midnight night"),
    _case("date_time", "not_in_last", [4, "HOUR"], found="-past"),
    _case("date_time", "in_next", [_NEXT * 24 + 1, "HOUR"], found="next"),
    _case("date_time", "in_next", [39, "DAY"], found=""),
    _case("date_time", "in_next", [6, "WEEK"], found="next"),
    _case("date_time", "in_next", [2, "MONTH"], found="next"),
    _case("date_time", "in_next", [3, "YEAR"], found="next far"),
    _case("date_time", "not_in_next", [2, "MONTH"], found="-next"),
    _case("date_time", "in_calendar_day", Offset("DAY", -3), found="past"),
    _case("date_time", "in_calendar_day", Offset("DAY", _NEXT * 24), found="next"),
    _case("date_time", "in_calendar_week", Offset("WEEK", _NEXT * 24), found="next"),
    _case("date_time", "in_calendar_month", Offset("MONTH", _NEXT * 24), found="next"),
    _case("date_time", "in_calendar_year", Offset("YEAR", _FAR * 24), found="far"),
)


def _choices(data_type: str, one: tuple[str, str], other: tuple[str, str]) -> tuple[Case, ...]:
    """The relations of choices; ``one`` and ``other`` are a value and the name of its row."""
    (value, name), (second, second_name) = one, other
    return (
        _case(data_type, "is", value, found=name),
        _case(data_type, "is", value.upper(), found=name),
        _case(data_type, "is", None, found="none"),
        _case(data_type, "is", "", found="none"),
        _case(data_type, "is", "no such choice", found=""),
        _case(data_type, "is_not", value, found=f"-{name}"),
        _case(data_type, "is_not", None, found="*"),
        _case(data_type, "in", [value, second], found=f"{name} {second_name}"),
        _case(data_type, "in", [value, "no such choice"], found=name),
        _case(data_type, "in", value, None, found=f"{name} none"),
        _case(data_type, "in", [[value]], found=name),
        _case(data_type, "not_in", [value], found=f"-{name}"),
        _case(data_type, "not_in", [value, None], found=f"-{name} -none"),
    )


_CHOICES = (
    *_choices("list", ("Dailies", "dailies"), ("Über", "over")),
    _case("list", "is", "über", found="over"),
    *_choices("status_list", ("rev", "review"), ("apr", "approved")),
    _case("status_list", "is", "Pending Review", found=""),
    *_choices("color", ("255,0,0", "red"), ("pipeline_step", "step")),
    *_choices("entity_type", ("Shot", "shot"), ("Asset", "asset")),
    *_choices("uuid", ("6b1c9d1e-0000-4000-8000-000000000001", "one"), (ROWS["uuid"]["two"], "two")),
    *_choices("footage", ("10-05", "short"), ("100-00", "long")),
    *_choices("system_task_type", ("edit", "edit"), ("review", "review")),
    _case("checkbox", "is", True, found="yes"),
    _case("checkbox", "is", False, found="no"),
    _case("checkbox", "is", "true", found="yes"),
    _case("checkbox", "is_not", True, found="no"),
    _case("checkbox", "is_not", False, found="yes"),
    _case("image", "is", None, found="none"),
    _case("image", "is_not", None, found="picture"),
)

_LINKS = (
    _case("entity", "is", Row("one"), found="one"),
    _case("entity", "is", None, found="none"),
    _case("entity", "is_not", Row("one"), found="-one"),
    _case("entity", "is_not", None, found="*"),
    _case("entity", "in", [Row("one"), Row("street")], found="one street"),
    _case("entity", "in", Row("one"), None, found="one none"),
    _case("entity", "in", [[Row("two")]], found="two"),
    _case("entity", "not_in", [Row("one")], found="-one"),
    _case("entity", "not_in", [Row("one"), None], found="two street"),
    _case("entity", "type_is", "Asset", found="street"),
    _case("entity", "type_is", "asset", found=""),
    _case("entity", "type_is", None, found="none"),
    _case("entity", "type_is_not", "Asset", found="-street"),
    _case("entity", "type_is_not", None, found="*"),
    _case("entity", "name_is", "shot_ONE", found="one"),
    _case("entity", "name_is", "STRAßE", found="street"),
    _case("entity", "name_is", "strasse", found=""),
    _case("entity", "name_contains", "SHOT", found="one two"),
    _case("entity", "name_contains", "raß", found="street"),
    _case("entity", "name_not_contains", "shot", found="street none"),
    _case("multi_entity", "is", Row("monday"), found="both monday"),
    _case("multi_entity", "is", None, found="none"),
    _case("multi_entity", "is_not", Row("monday"), found="shot none"),
    _case("multi_entity", "is_not", None, found="*"),
    _case("multi_entity", "in", [Row("monday"), Row("one")], found="*"),
    _case("multi_entity", "in", [[Row("client")]], found="both"),
    _case("multi_entity", "in", Row("client"), None, found="both none"),
    _case("multi_entity", "not_in", [Row("client"), Row("one")], found="monday none"),
    _case("multi_entity", "not_in", [Row("client"), None], found="monday shot"),
    _case("multi_entity", "type_is", "Shot", found="shot"),
    _case("multi_entity", "type_is_not", "Shot", found="-shot"),
    _case("multi_entity", "name_contains", "MONDAY", found="both monday"),
    _case("multi_entity", "name_not_contains", "monday", found="shot none"),
    _case("addressing", "is", Row("ada"), found="both ada"),
    _case("addressing", "is", None, found="none"),
    _case("addressing", "is_not", Row("ada"), found="group none"),
    _case("addressing", "is_not", None, found="*"),
    _case("addressing", "contains", Row("reviewers"), found="both group"),
    _case("addressing", "not_contains", Row("reviewers"), found="ada none"),
    _case("addressing", "in", [Row("ada"), Row("reviewers")], found="*"),
    _case("addressing", "in", [Row("ada"), None], found="both ada none"),
    _case("addressing", "not_in", [Row("ada")], found="group none"),
    _case("addressing", "type_is", "Group", found="both group"),
    _case("addressing", "type_is_not", "Group", found="ada none"),
    _case("addressing", "name_contains", "BERG", found="both ada"),
    _case("addressing", "name_not_contains", "berg", found="group none"),
    _case("addressing", "name_starts_with", "ada", found="both ada"),
    _case("addressing", "name_starts_with", "berg", found=""),
    _case("addressing", "name_ends_with", "REVIEWERS", found="both group"),
    _case("tag_list", "is", "HERO", found="both"),
    _case("tag_list", "is", "vip < 3", found="both vip"),
    _case("tag_list", "is", None, found="none"),
    _case("tag_list", "is_not", "hero", found="vip none"),
    _case("tag_list", "is_not", None, found="*"),
    _case("tag_list", "name_contains", "IP <", found="both vip"),
    _case("tag_list", "name_not_contains", "her", found="vip none"),
    _case("tag_list", "name_id", Id("hero"), found="both"),
    _case("tag_list", "name_id", 0, found=""),
)

CASES: tuple[Case, ...] = (*_TEXT, *_NUMBERS, *_DATES, *_CHOICES, *_LINKS)

# What does not fit: data type, relation, values, and how the site's words go on after "API read() ".
MISFITS: tuple[tuple[str, str, tuple[Any, ...], str], ...] = (
    ("text", "is", (3,), r"\S+ expected \[String, NilClass\] data type\(s\) but got Integer: 3"),
    ("text", "is", ({"type": "Shot", "id": 1},), r"\S+ expected \[String, NilClass\] data type\(s\) but got Hash"),
    ("text", "is", (["a", "b"],), r"'is' 'relation' expects a 1-element array: \[\"a\", \"b\"\]"),
    ("text", "contains", (None,), r"\S+ expected \[String, NilClass\] data type\(s\) but got NilClass: nil"),
    ("number", "is", (2.5,), r"\S+ expected \[String, Integer, NilClass\] data type\(s\) but got Float: 2.5"),
    ("number", "is", (True,), r"\S+ expected \[String, Integer, NilClass\] data type\(s\) but got TrueClass: true"),
    ("number", "is", ("42abc",), r"\S+ Invalid data for 'number' data type. Value: 42abc"),
    ("number", "between", ([1001],), r"'between' 'relation' expects a 2-element array: \[1001\]"),
    ("float", "is", ("x",), r"\S+ Invalid data for 'float' data type. Value: x"),
    ("float", "is", ([1.5, "x"],), r"'is' 'relation' expects a 1-element array"),
    ("checkbox", "is", (None,), r"\S+ expected \[String, FalseClass, TrueClass\] data type\(s\) but got NilClass: nil"),
    ("checkbox", "is", (1,), r"\S+ expected \[String, FalseClass, TrueClass\] data type\(s\) but got Integer: 1"),
    ("checkbox", "is", ("yes",), r"\S+ Invalid data for 'checkbox' data type. Value: yes"),
    ("date", "is", ("09/02/2026",), r"\S+ Invalid date format: 09/02/2026. Correct format is: 2011-01-21"),
    ("date", "is", ("2026-02-30",), r"\S+ Invalid date format"),
    ("date", "is", ("2026-09-02T00:00:00Z",), r"\S+ Invalid date format"),
    ("date", "is", (1788328800,), r"\S+ expected \[String, NilClass\] data type\(s\) but got Integer"),
    ("date_time", "is", ("not-a-time",), r"\S+ Invalid date time format: not-a-time. Correct format is 2011"),
    ("date_time", "in_last", ([1, "FORTNIGHT"],), r"'in_last' 'relation' doesn't support the 'FORTNIGHT' time unit"),
    ("date_time", "in_last", ([100, "day"],), r"'in_last' 'relation' doesn't support the 'day' time unit"),
    ("date_time", "in_last", (1,), r"'in_last' 'relation' expects a 2-element array: \[1\]"),
    ("date_time", "in_next", ([-10, "DAY"],), r"'in_next' 'relation' expects a positive Integer time unit"),
    ("date_time", "in_next", (["x", "DAY"],), r"'in_next' 'relation' expects a positive Integer time unit"),
    ("date_time", "in_next", ([10**12, "YEAR"],), r"\S+ 1000000000000 YEAR is out of range"),
    ("date", "in_calendar_year", (10**12,), r"\S+ offset 1000000000000 is out of range"),
    ("date", "in_calendar_day", ("x",), r"\S+ expected \[Integer\] data type\(s\) but got String"),
    ("entity", "is", (5,), r"\S+ expected \[Hash, NilClass\] data type\(s\) but got Integer: 5"),
    ("entity", "is", ({"id": 1},), r"invalid/missing entity hash string 'type': {\"id\" => 1}"),
    ("entity", "is", ({"type": "Nope", "id": 1},), r"invalid/missing entity hash string 'type'"),
    ("entity", "is", ({"type": "Shot", "id": None},), r"invalid/missing entity hash integer 'id'"),
    ("entity", "name_is", (None,), r"\S+ expected \[String\] data type\(s\) but got NilClass: nil"),
    ("entity", "type_is", (3,), r"\S+ expected \[String, NilClass\] data type\(s\) but got Integer: 3"),
    ("multi_entity", "in", ([26342],), r"invalid/missing entity hash: 26342"),
    ("multi_entity", "is", ([Row("one"), Row("two")],), r"'is' 'relation' expects a 1-element array"),
    ("tag_list", "is", (3,), r"\S+ expected \[String, NilClass\] data type\(s\) but got Integer: 3"),
    ("tag_list", "name_id", ("x",), r"\S+ expected \[Integer\] data type\(s\) but got String"),
    ("image", "is", ("x",), r"\S+ expected \[NilClass\] data type\(s\) but got String: \"x\""),
)
