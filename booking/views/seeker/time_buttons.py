"""Free times as the pages show them: day by day, each time once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from booking.availability import Slot
from booking.clock import JST


@dataclass(frozen=True, slots=True)
class TimeButton:
    """Texts made once in Python: one page shows hundreds of these."""

    value: str
    clock: str
    places: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    times: list[TimeButton]


def days_of(slots: Iterable[Slot]) -> list[Day]:
    by_day = groupby(buttons_of(slots), key=lambda time: time.starts_at.date())
    return [Day(day, list(times)) for day, times in by_day]


def buttons_of(slots: Iterable[Slot]) -> list[TimeButton]:
    return [_button(slot.starts_at.astimezone(JST), slot.places) for slot in slots]


def _button(start: datetime, places: int) -> TimeButton:
    clock = f"{start.hour}:{start.minute:02}"
    return TimeButton(start.isoformat(timespec="minutes"), clock, places, start)
