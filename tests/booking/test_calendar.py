"""Business days of an office, checked against a table of the holidays from 2025 to 2032."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from offices.calendar import OfficeCalendar, calendar_of, is_holiday
from offices.models import ClosedDay
from tests.factories import OfficeFactory

TABLE = Path(__file__).parent / "national_holidays_2025_2032.csv"


def test_national_holidays_are_those_of_the_table() -> None:
    with TABLE.open() as lines:
        expected = {date.fromisoformat(row["day"]) for row in csv.DictReader(lines)}
    days = [date(2025, 1, 1) + timedelta(days=offset) for offset in range(2922)]
    assert days[-1] == date(2032, 12, 31)
    year_end = {day for day in days if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)}
    assert {day for day in days if is_holiday(day)} == expected | year_end


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2026, 12, 28), False),
        (date(2026, 12, 29), True),
        (date(2027, 1, 3), True),
        (date(2027, 1, 4), False),
        pytest.param(date(2026, 9, 22), True, id="the bridging holiday of 2026"),
        pytest.param(date(2026, 6, 6), False, id="a Saturday closes no service by itself"),
    ],
)
def test_closed_days(day: date, closed: bool) -> None:
    assert OfficeCalendar().is_closed(day) is closed


def test_a_saturday_is_no_business_day() -> None:
    assert not OfficeCalendar().is_business_day(date(2026, 6, 6))
    assert OfficeCalendar().is_business_day(date(2026, 6, 5))


@pytest.mark.requirement("U-20")
@pytest.mark.parametrize(
    ("day", "one", "two"),
    [
        (date(2026, 5, 7), date(2026, 5, 1), date(2026, 4, 30)),
        (date(2026, 5, 11), date(2026, 5, 8), date(2026, 5, 7)),
        (date(2026, 9, 24), date(2026, 9, 18), date(2026, 9, 17)),
        (date(2026, 9, 28), date(2026, 9, 25), date(2026, 9, 24)),
        (date(2027, 1, 5), date(2027, 1, 4), date(2026, 12, 28)),
    ],
)
def test_business_days_before(day: date, one: date, two: date) -> None:
    assert OfficeCalendar().business_days_before(day, 1) == one
    assert OfficeCalendar().business_days_before(day, 2) == two


@pytest.mark.django_db
def test_an_office_has_its_own_closed_days() -> None:
    office, other = OfficeFactory.create_batch(2)
    day = date(2026, 6, 3)
    ClosedDay.objects.create(office=office, day=day, reason="庁舎点検")
    assert calendar_of(office, day, day).is_closed(day)
    assert not calendar_of(other, day, day).is_closed(day)
    assert calendar_of(office, day, day).business_days_before(date(2026, 6, 4), 1) == date(2026, 6, 2)
