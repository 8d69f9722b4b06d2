"""Every filter operator of every data type: the cases of ``operator_cases``, asked through the unmodified client.

The site has one type with a field of each data type; its rows are made once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from shotgun_api3 import Fault

from onepiece_server.sandbox.shotgrid.model import stock_raw
from tests.sandbox.operator_cases import (
    ALL_RELATIONS,
    CASES,
    LINKED,
    MISFITS,
    RELATIONS,
    ROWS,
    Case,
    Day,
    Id,
    Moment,
    Offset,
    Row,
)
from tests.support.media import write_png
from tests.support.shotgrid_site import SiteProcess

TYPE = "CustomEntity01"
NOW = datetime.now(UTC).replace(microsecond=0)
_CHOICES = {"list": ["Client", "Dailies", "Über"], "status_list": ["rev", "apr"]}
_LINK_TYPES = {
    "entity": ["Shot", "Asset"],
    "multi_entity": ["Playlist", "Shot"],
    "addressing": ["HumanUser", "Group"],
}


class Rows:
    """A site with the rows of ``ROWS``."""

    def __init__(self, site: SiteProcess) -> None:
        self.sg = site.client()
        self.project = self.sg.create("Project", {"name": "Operators"})
        self.linked = {name: self._make(*linked) for name, linked in LINKED.items()}
        wanted = [(data_type, name, value) for data_type, rows in ROWS.items() for name, value in rows.items()]
        made = self.sg.batch(
            [
                {"request_type": "create", "entity_type": TYPE, "data": self._data(data_type, name, value)}
                for data_type, name, value in wanted
            ]
        )
        self.ids: dict[str, dict[int, str]] = {data_type: {} for data_type in ROWS}
        for (data_type, name, _), row in zip(wanted, made, strict=True):
            self.ids[data_type][row["id"]] = name

    def _make(self, entity_type: str, name: str) -> dict[str, Any]:
        if entity_type == "HumanUser":
            first, last = name.split()
            return self.sg.create("HumanUser", {"firstname": first, "lastname": last, "login": "operators"})
        data = {"Tag": {"name": name}, "Group": {"code": name}}
        return self.sg.create(entity_type, data.get(entity_type, {"code": name, "project": self.project}))

    def _data(self, data_type: str, name: str, value: Any) -> dict[str, Any]:
        data = {"code": f"{data_type} {name}", "project": self.project}
        if data_type == "image" or value is None:
            return data
        return data | {field_of(data_type): self.filled(data_type, value)}

    def filled(self, data_type: str, value: Any) -> Any:
        """What ``value`` stands for."""
        if isinstance(value, list | tuple):
            return [self.filled(data_type, one) for one in value]
        if isinstance(value, Row):
            return self.linked[value.name]
        if isinstance(value, Id):
            return self.linked[value.name]["id"]
        if isinstance(value, Day):
            return (NOW + timedelta(days=value.days)).date()
        if isinstance(value, Moment):
            return NOW + timedelta(hours=value.hours)
        return offset(value.unit, NOW + timedelta(hours=value.hours)) if isinstance(value, Offset) else value

    def found(self, data_type: str, relation: str, values: tuple[Any, ...]) -> list[str]:
        names = self.ids[data_type]
        condition = [field_of(data_type), relation, *(self.filled(data_type, value) for value in values)]
        return [names[row["id"]] for row in self.sg.find(TYPE, [["id", "in", list(names)], condition])]


def field_of(data_type: str) -> str:
    return "image" if data_type == "image" else f"sg_the_{data_type}"


def offset(unit: str, moment: datetime) -> int:
    """Calendar days, weeks, months or years from now to ``moment``."""
    if unit == "YEAR":
        return moment.year - NOW.year
    if unit == "MONTH":
        return (moment.year - NOW.year) * 12 + moment.month - NOW.month
    days = moment.date().toordinal() - NOW.date().toordinal()
    return days if unit == "DAY" else (days + NOW.weekday()) // 7


def write_schema(path: Path) -> None:
    """The stock schema, and on one type a field of each data type."""
    raw = stock_raw()
    for data_type in RELATIONS:
        if data_type == "image":
            continue
        field: dict[str, Any] = {"data_type": data_type, "name": f"The {data_type}"}
        if data_type in _CHOICES:
            field["valid_values"] = _CHOICES[data_type]
        if data_type in _LINK_TYPES:
            field["valid_types"] = _LINK_TYPES[data_type]
        raw[TYPE]["fields"][field_of(data_type)] = field
    path.write_text(json.dumps({"schema": "onepiece.shotgrid-schema.1", "entities": raw}))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    folder = tmp_path_factory.mktemp("operators")
    write_schema(folder / "schema.json")
    site = SiteProcess(folder, ("--schema", str(folder / "schema.json"))).start()
    try:
        found = Rows(site)
        picture = write_png(folder / "picture.png")
        (row_id,) = (row_id for row_id, name in found.ids["image"].items() if name == "picture")
        found.sg.upload_thumbnail(TYPE, row_id, str(picture))
        yield found
    finally:
        site.kill()


@pytest.mark.wire("read", "all filter operators of all data types")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_a_filter_finds(rows: Rows, case: Case):
    assert tuple(rows.found(case.data_type, case.relation, case.values)) == case.found


@pytest.mark.wire("read", "an operator that a data type does not have is a fault")
@pytest.mark.parametrize("data_type", RELATIONS)
def test_all_other_operators_are_faults(rows: Rows, data_type: str):
    known = RELATIONS[data_type]
    words = "doesn't support '{}' 'relation'" if known else "cannot be used in a filter"
    for relation in {*ALL_RELATIONS, "nonsense", "IS", ""} - {*known}:
        head = f"API read() {TYPE}.{field_of(data_type)}'s '{data_type}' data type {words.format(relation)}"
        with pytest.raises(Fault, match=f"^{re.escape(head)}"):
            rows.found(data_type, relation, ("x",))


@pytest.mark.wire("read", "a value that does not fit an operator is a fault")
@pytest.mark.parametrize(
    ("data_type", "relation", "values", "words"), MISFITS, ids=lambda value: str(value)[:30] if value else "none"
)
def test_what_does_not_fit_is_a_fault(rows: Rows, data_type: str, relation: str, values: tuple[Any, ...], words: str):
    with pytest.raises(Fault, match=rf"^API read\(\) {words}"):
        rows.found(data_type, relation, values)


def test_each_operator_has_a_case_that_finds_and_none_stands_for_no_value():
    for data_type, relations in RELATIONS.items():
        cases = [case for case in CASES if case.data_type == data_type]
        assert {case.relation for case in cases if case.found} == set(relations)
        takes_none = {"is", "is_not"} & set(relations) - ({"is", "is_not"} if data_type == "checkbox" else set())
        assert takes_none <= {case.relation for case in cases if None in case.values}
    assert set(RELATIONS) == set(ROWS)
