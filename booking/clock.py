"""The only arithmetic with a time zone. Stored UTC, spoken Asia/Tokyo, intervals half-open [start, end)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
"""The days of our time, both included. Outside, arithmetic with days and zones may leave the calendar; refuse them."""


def at(day: date, clock: time) -> datetime:
    """That time of that day in Japan."""
    return datetime.combine(day, clock, tzinfo=JST)


def end_of(day: date) -> datetime:
    """24:00 of that day in Japan: the first moment that no longer belongs to it."""
    return at(day + timedelta(days=1), time.min)


def day_of(moment: datetime) -> date:
    """The day it is in Japan at that moment. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(JST).date()


def day_bounds(first_day: date, last_day: date) -> tuple[datetime, datetime]:
    """[0:00 of the first day, 24:00 of the last day) in Japan."""
    return at(first_day, time.min), end_of(last_day)


def fiscal_year_start(day: date) -> date:
    """1 April of the fiscal year (年度) that the day belongs to."""
    return date(day.year if day.month >= 4 else day.year - 1, 4, 1)
