"""docs/offices/ says of each sample service what the sample data say, and cites rows that exist."""

import re
from collections.abc import Iterator
from datetime import date, time
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from booking.enums import Weekday
from booking.forms import DetailsForm
from booking.models import PolicyVersion, Service
from demo.addresses import REPOSITORY
from demo.sample.offices import load_offices
from demo.sample.services import SERVICES, load_services
from demo.sample.terms import load_terms
from demo.trace import read_rows

PAGES = REPOSITORY / "docs" / "offices"
TODAY = date(2026, 6, 10)
WEEKDAYS = "Mon–Fri"


def table_lines(page: Path) -> Iterator[list[str]]:
    """The cells of the lines that name a field of the rules."""
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[2].startswith("`"):
            yield cells


def shown(value: Any) -> str:
    """A value of the rules as the pages write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, time):
        return f"{value.hour}:{value.minute:02}"
    return "empty" if value is None else str(value)


def hours_of(version: PolicyVersion) -> str:
    windows: dict[tuple[time, time], list[int]] = {}
    for line in version.hours.order_by("opens", "weekday"):
        windows.setdefault((line.opens, line.closes), []).append(line.weekday)
    inside = sorted(windows.items(), key=lambda window: (window[1][0], window[0]))
    return "; ".join(f"{days_of(days)} {shown(opens)}–{shown(closes)}" for (opens, closes), days in inside)


def days_of(days: list[int]) -> str:
    names = [Weekday(day).name.capitalize()[:3] for day in days]
    return WEEKDAYS if days == list(range(5)) else ", ".join(names)


def value_of(version: PolicyVersion, field: str) -> str:
    if field == "hours":
        return hours_of(version)
    column = PolicyVersion._meta.get_field(field)
    choices = getattr(column, "base_field", column).choices
    names = {value: str(value).upper() for value, _label in choices} if choices and field != "length_minutes" else {}
    value = getattr(version, field)
    if isinstance(value, list):
        return ", ".join(names[item] for item in value)
    return names.get(value) or shown(value)


@pytest.fixture
def services(db: None) -> dict[str, Service]:
    offices = load_offices()
    return load_services(offices, load_terms(offices))


@pytest.mark.parametrize("key", [sample.key for sample in SERVICES])
def test_the_page_tells_the_rules_of_the_sample_service(services: dict[str, Service], key: str) -> None:
    version = services[key].version_on(TODAY)
    told = {cells[2].strip("`"): cells[3] for cells in table_lines(PAGES / f"{key}.md")}

    assert {"way", "standings"} <= told.keys()
    assert told == {field: value_of(version, field) for field in told}


def test_every_page_is_of_a_sample_service_and_in_the_index() -> None:
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}

    assert pages == {sample.key for sample in SERVICES}
    assert pages == set(re.findall(r"\]\(([a-z-]+)\.md\)", (PAGES / "README.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_rows_that_a_page_cites_exist(page: Path) -> None:
    cited = set(re.findall(r"\b[JKHSXU]-\d\d\b", page.read_text(encoding="utf-8")))

    assert cited <= {row.id for row in read_rows()}


@pytest.mark.requirement("K-01")
def test_kobayashi_asks_which_kind_of_session_it_is(services: dict[str, Service]) -> None:
    form = DetailsForm(version=services["kobayashi"].version_on(TODAY))
    (name,) = form.questions
    field = form.fields[name]

    assert (field.label, field.required) == ("相談の種類", True)
    assert [value for value, _label in field.choices] == ["職業相談・職業紹介", "面接", "管理選考"]
