"""The business-day calendar: is this day open, and which is the n-th business day before it?"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

from offices.models import ClosedDay, Office

SATURDAY = 5


@lru_cache(maxsize=32)
def _national_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("JP", years=year))


def is_holiday(day: date) -> bool:
    """National holiday, or 29 December to 3 January (行政機関の休日に関する法律 1条1項; Saturdays and Sundays apart)."""
    if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        return True
    return day in _national_holidays(day.year)


@dataclass(frozen=True)
class OfficeCalendar:
    """The open days of one office: the national calendar and the office's own closed days."""

    closed_days: frozenset[date] = field(default_factory=frozenset)

    def is_closed(self, day: date) -> bool:
        """Closed for every service, whatever its hours say; a Saturday alone closes nothing (S-29)."""
        return is_holiday(day) or day in self.closed_days

    def is_business_day(self, day: date) -> bool:
        return day.weekday() < SATURDAY and not self.is_closed(day)

    def business_days_before(self, day: date, count: int) -> date:
        """The business day `count` business days before `day`; `day` itself is not counted (U-20). `count` ≥ 1."""
        if count < 1:
            raise ValueError("count must be at least 1")
        while count:
            day -= timedelta(days=1)
            count -= self.is_business_day(day)
        return day


def calendar_of(office: Office, first_day: date, last_day: date) -> OfficeCalendar:
    """The calendar of the office, knowing its own closed days from the first to the last day (both included)."""
    days: Iterable[date] = ClosedDay.objects.filter(office=office, day__range=(first_day, last_day)).values_list(
        "day", flat=True
    )
    return OfficeCalendar(closed_days=frozenset(days))


def business_days_before_at(office: Office) -> Callable[[date, int], date]:
    """`business_days_before` of this office; its closed days are asked for at the first call, and once."""
    known: list[OfficeCalendar] = []

    def business_days_before(day: date, count: int) -> date:
        if not known:
            known.append(calendar_of(office, date.min, date.max))
        return known[0].business_days_before(day, count)

    return business_days_before
