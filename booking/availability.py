"""Free slots of a service for a period: computed, never stored; the number of queries does not depend on the data."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from booking.clock import at, day_bounds, day_of
from booking.enums import ReservationStatus
from booking.models import Absence, Counselor, OpeningWindow, Reservation, Service
from booking.rules.slots import Interval, fitting, grid, subtract, union
from booking.rules.windows import first_bookable_day, is_bookable, last_bookable_day
from offices.calendar import OfficeCalendar, calendar_of

MOST_DAYS = 366
LONGEST = timedelta(days=1)
"""No reservation lasts longer: lets the query bound `starts_at` on both sides and stay on its index."""


@dataclass(frozen=True, slots=True)
class Slot:
    """空き枠: a start that at least one counselor can take. A value, not a row."""

    starts_at: datetime
    ends_at: datetime
    counselor_ids: tuple[int, ...]

    @property
    def places(self) -> int:
        return len(self.counselor_ids)


def bookable_days(service: Service, *, now: datetime) -> tuple[date, date]:
    """The first and the last day that may be booked now (both included); empty when the last is before the first."""
    return first_bookable_day(service.policy, now=now), last_bookable_day(service.policy, now=now)


def free_slots(
    service: Service,
    *,
    now: datetime,
    first_day: date | None = None,
    last_day: date | None = None,
    seeker: Any = None,
    counselor: Counselor | None = None,
) -> list[Slot]:
    """The slots that can be booked now, by start; without those in which the seeker has another reservation.

    Days outside the booking window are left out. Four queries, one more with a seeker.
    """
    opens, closes = bookable_days(service, now=now)
    first, last = max(first_day or opens, opens), min(last_day or closes, closes)
    if last < first:
        return []
    last = min(last, first + timedelta(days=MOST_DAYS))
    hours = _service_hours(service, calendar_of(service.office, first, last), first, last, now)
    if not hours:
        return []
    free = _free_time(service, first, last, now=now, seeker=seeker, counselor=counselor)
    own = _busy_of_seeker(seeker, first, last, now) if seeker is not None else []
    return _cut(hours, free, own, service)


def nearest_slots(
    service: Service, *, around: datetime, now: datetime, seeker: Any = None, count: int = 3
) -> list[Slot]:
    """The `count` free slots nearest to a moment, by start: what to offer to somebody who lost a race."""
    slots = sorted(free_slots(service, now=now, seeker=seeker), key=lambda slot: abs(slot.starts_at - around))
    return sorted(slots[:count], key=lambda slot: slot.starts_at)


def _service_hours(
    service: Service, calendar: OfficeCalendar, first: date, last: date, now: datetime
) -> list[Interval]:
    by_weekday: dict[int, list[Any]] = defaultdict(list)
    for hours in service.hours.all():
        by_weekday[hours.weekday].append(hours)
    policy = service.policy
    return [
        (at(day, hours.opens), at(day, hours.closes))
        for day in _days(first, last)
        if not calendar.is_closed(day) and is_bookable(day, policy, now=now)
        for hours in by_weekday[day.weekday()]
    ]


def _free_time(
    service: Service, first: date, last: date, *, now: datetime, seeker: Any, counselor: Counselor | None
) -> dict[int, list[Interval]]:
    """Per counselor who offers the service: opening windows minus absences and reservations."""
    counselors = Counselor.objects.offering(service)
    if counselor is not None:
        counselors = counselors.filter(pk=counselor.pk)
    windows: dict[int, list[Interval]] = {}
    for window in OpeningWindow.objects.filter(counselor__in=counselors).touching(first, last).order_by("counselor_id"):
        days = _days(max(first, window.begins_on), min(last, window.ends_on or last))
        windows.setdefault(window.counselor_id, []).extend(
            (at(day, window.opens), at(day, window.closes)) for day in days if window.is_on(day)
        )
    busy = _busy_of_counselors(list(windows), first, last, now=now, seeker=seeker)
    return {pk: subtract(union(opened), busy[pk]) for pk, opened in windows.items()}


def _busy_of_counselors(
    ids: list[int], first: date, last: date, *, now: datetime, seeker: Any
) -> dict[int, list[Interval]]:
    """The seeker's own hold does not count: choosing another time gives it back."""
    start, end = day_bounds(first, last)
    busy: dict[int, list[Interval]] = defaultdict(list)
    occupied = Reservation.objects.filter(counselor__in=ids, starts_at__gt=start - LONGEST).occupying(now)
    if seeker is not None:
        occupied = occupied.exclude(status=ReservationStatus.HELD, seeker=seeker)
    absences = Absence.objects.filter(counselor__in=ids).touching(start, end)
    columns = ("counselor", "starts_at", "ends_at")
    times_taken = occupied.touching(start, end).order_by().values_list(*columns)
    for pk, starts_at, ends_at in times_taken.union(absences.order_by().values_list(*columns), all=True):
        busy[pk].append((starts_at, ends_at))
    return busy


def _busy_of_seeker(seeker: Any, first: date, last: date, now: datetime) -> list[Interval]:
    start, end = day_bounds(first, last)
    rows = Reservation.objects.of_seeker(seeker).upcoming().touching(start, end)
    return union(rows.order_by().values_list("starts_at", "ends_at"))


def _cut(hours: list[Interval], free: dict[int, list[Interval]], own: list[Interval], service: Service) -> list[Slot]:
    policy = service.policy
    starts: list[datetime] = []
    for window in hours:
        starts += grid(window, length=policy.length, step=policy.step)
    starts.sort()
    who: dict[datetime, list[int]] = defaultdict(list)
    for pk, intervals in free.items():
        for start in fitting(starts, subtract(intervals, own) if own else intervals, length=policy.length):
            who[start].append(pk)
    return [Slot(start, start + policy.length, tuple(who[start])) for start in sorted(who)]


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


def slot_at(
    service: Service, starts_at: datetime, *, now: datetime, seeker: Any = None, counselor: Counselor | None = None
) -> Slot | None:
    """The free slot that starts exactly then, or None."""
    day = day_of(starts_at)
    for slot in free_slots(service, now=now, first_day=day, last_day=day, seeker=seeker, counselor=counselor):
        if slot.starts_at == starts_at:
            return slot
    return None
