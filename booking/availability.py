"""Free slots of a service for a period: computed, never stored; the number of queries does not depend on the data.

What a session is (hours, length, step) is judged by the version of its day, when it may be booked by the version of today.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from django.db.models import F, SmallIntegerField, Value, prefetch_related_objects

from accounts.models import User
from booking.clock import at, day_bounds, day_of
from booking.deadlines import bookable_days, booking_policy
from booking.enums import Language, ReservationStatus
from booking.hosts import HostTimes, host_times, starts_with_host
from booking.models import (
    Absence,
    Counselor,
    InterpreterHours,
    MeetingHost,
    OpeningWindow,
    Recognition,
    Reservation,
    Service,
)
from booking.models.reservation import ReservationQuerySet
from booking.models.schedule import CounselorQuerySet
from booking.rules.limits import is_counselor_full
from booking.rules.slots import Interval, fitting, grid, intervals_with_seat, subtract, union, with_gap
from offices.calendar import OfficeCalendar, calendar_of
from offices.enums import MeetingSoftware

MOST_DAYS = 366
LONGEST = timedelta(days=1)
"""No reservation lasts longer: lets the query bound `starts_at` on both sides and stay on its index."""
ByLength = dict[timedelta, list[datetime]]
"""Sorted starts, by the length of the session."""


@dataclass(frozen=True, slots=True)
class Slot:
    """空き枠: a start that at least one counselor can take. A value, not a row."""

    starts_at: datetime
    ends_at: datetime
    counselor_ids: tuple[int, ...]
    """Who has the fewest sessions that day comes first."""

    @property
    def places(self) -> int:
        return len(self.counselor_ids)


@dataclass(frozen=True, kw_only=True)
class Search:
    """Whose free slots: of the service now, for this person, with this counselor, with an interpreter of the office.

    `moving` is the person's reservation that would give up its own time. `is_for_staff`: days outside the booking window
    are offered too, from today on. `ignores_hosts`: as if there were enough meeting hosts.
    """

    service: Service
    now: datetime
    person: Any = None
    counselor: Counselor | None = None
    language: str = ""
    moving: Reservation | None = None
    is_for_staff: bool = False
    ignores_hosts: bool = False

    @property
    def language_name(self) -> str:
        return str(Language(self.language).label)


def free_slots(search: Search, *, first_day: date | None = None, last_day: date | None = None) -> list[Slot]:
    """The slots that can be booked now, by start; without those in which the person has another reservation.

    Days outside the booking window are left out. Five queries, one more with a person, two with an interpreter, one
    where counselors share meeting hosts.
    """
    opens, closes = _days_of(search)
    first, last = max(first_day or opens, opens), min(last_day or closes, closes)
    if last < first:
        return []
    last = min(last, first + timedelta(days=MOST_DAYS))
    starts = _starts(search.service, calendar_of(search.service.office, first, last), first, last)
    if not starts:
        return []
    taken = _taken(search, first, last)
    opened = _opened(search, first, last)
    free = {pk: subtract(union(times), taken.of_counselors[pk]) for pk, times in opened.windows.items()}
    blocked = union(taken.of_person)
    if search.language:
        outside = subtract([day_bounds(first, last)], _interpreted_time(search, first, last))
        blocked = union([*blocked, *outside])
    by_length: ByLength = defaultdict(list)
    for start, length in starts:
        by_length[length].append(start)
    with_host = _starts_with_host(search, opened, by_length, first, last)
    return _cut({pk: with_host.get(pk, by_length) for pk in free}, free, blocked, taken.load)


def nearest_slots(search: Search, *, around: datetime, count: int = 3) -> list[Slot]:
    """The `count` free slots nearest to a moment, by start: what to offer to somebody who lost a race."""
    slots = sorted(free_slots(search), key=lambda slot: abs(slot.starts_at - around))
    return sorted(slots[:count], key=lambda slot: slot.starts_at)


def slot_at(search: Search, starts_at: datetime) -> Slot | None:
    """The free slot that starts exactly then, or None."""
    day = day_of(starts_at)
    for slot in free_slots(search, first_day=day, last_day=day):
        if slot.starts_at == starts_at:
            return slot
    return None


def offered_starts(service: Service, *, day: date) -> set[datetime]:
    """Every start that the service's hours allow on that day, whether somebody is free then or not."""
    calendar = calendar_of(service.office, day, day)
    return {start for start, _length in _starts(service, calendar, day, day)}


def has_room(counselor: Counselor, slot: Slot, *, search: Search) -> bool:
    """Is the slot still this counselor's, asked again under the lock of the counselor's row? Of what no constraint says."""
    if Absence.objects.filter(counselor=counselor).touching(slot.starts_at, slot.ends_at).exists():
        return False
    policy = booking_policy(search.service, now=search.now)
    taken = _taken_by_others(search).filter(counselor=counselor)
    if policy.gap and taken.touching(slot.starts_at - policy.gap, slot.ends_at + policy.gap).exists():
        return False
    if policy.most_sessions_a_day is None:
        return True
    start, end = day_bounds(day_of(slot.starts_at), day_of(slot.starts_at))
    return not is_counselor_full(taken.filter(starts_at__gte=start, starts_at__lt=end).count(), policy)


def has_interpreter(slot: Slot, *, search: Search) -> bool:
    """Is an interpreter of the office free, asked again under the lock of the interpreters' rows?"""
    day = day_of(slot.starts_at)
    free = _interpreted_time(search, day, day)
    return bool(fitting([slot.starts_at], free, length=slot.ends_at - slot.starts_at))


def _days_of(search: Search) -> tuple[date, date]:
    if search.is_for_staff:
        today = day_of(search.now)
        return today, today + timedelta(days=MOST_DAYS)
    return bookable_days(search.service, now=search.now)


def _starts(service: Service, calendar: OfficeCalendar, first: date, last: date) -> list[tuple[datetime, timedelta]]:
    """Every start on the grid of its day's version, with its length; sorted."""
    versions = {day: service.version_on(day) for day in _days(first, last) if not calendar.is_closed(day)}
    used = {version.pk: version for version in versions.values()}
    prefetch_related_objects(list(used.values()), "hours")
    by_weekday: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for version in used.values():
        for hours in version.hours.all():
            by_weekday[version.pk, hours.weekday].append(hours)
    starts = []
    for day, version in versions.items():
        length, step = version.policy.length, version.policy.step
        for hours in by_weekday[version.pk, day.weekday()]:
            window = (at(day, hours.opens), at(day, hours.closes))
            starts += [(start, length) for start in grid(window, length=length, step=step)]
    return sorted(set(starts))


@dataclass(frozen=True)
class Opened:
    """Per counselor who offers the service: the opening windows, and whether hosts have to be looked at."""

    windows: dict[int, list[Interval]] = field(default_factory=lambda: defaultdict(list))
    own_hosts: dict[int, str] = field(default_factory=dict)
    """Own hosts that stay occupied for a while after each session."""
    in_pool: set[int] = field(default_factory=set)
    """Counselors without a host of their own."""


def _opened(search: Search, first: date, last: date) -> Opened:
    opened = Opened()
    needs_host = search.service.software == MeetingSoftware.ZOOM and not search.ignores_hosts
    windows = OpeningWindow.objects.filter(counselor__in=_counselors(search)).touching(first, last)
    with_host: Any = windows.annotate(
        host=F("counselor__meeting_host"),
        is_host_active=F("counselor__meeting_host__is_active"),
        host_buffer=F("counselor__meeting_host__buffer_minutes"),
    )
    for window in with_host.order_by("counselor_id"):
        days = _days(max(first, window.begins_on), min(last, window.ends_on or last))
        opened.windows[window.counselor_id] += [
            (at(day, window.opens), at(day, window.closes)) for day in days if window.is_on(day)
        ]
        if needs_host and not window.is_host_active:
            opened.in_pool.add(window.counselor_id)
        elif needs_host and window.host_buffer:
            opened.own_hosts[window.counselor_id] = window.host
    return opened


def _starts_with_host(
    search: Search, opened: Opened, by_length: ByLength, first: date, last: date
) -> dict[int, ByLength]:
    """Per counselor whose hosts have to be looked at: the starts at which one is free. Without such, no query."""
    if not opened.in_pool and not opened.own_hosts:
        return {}
    hosts = MeetingHost.objects.filter(pk__in=opened.own_hosts.values())
    if opened.in_pool:
        hosts |= MeetingHost.objects.active().pool_of(search.service.office)
    times = host_times(hosts, taken=_taken_by_others(search), period=day_bounds(first, last), now=search.now)
    own = {one.host.pk: one for one in times if one.host.pk in opened.own_hosts.values()}
    pool = [one for one in times if one.host.pk not in own]
    usable = dict.fromkeys(opened.in_pool, _at_which(pool, by_length))
    return usable | {pk: _at_which([own[host]], by_length) for pk, host in opened.own_hosts.items()}


def _at_which(hosts: list[HostTimes], by_length: ByLength) -> ByLength:
    return {length: starts_with_host(starts, hosts, length=length) for length, starts in by_length.items()}


def _counselors(search: Search) -> CounselorQuerySet:
    """Everybody of the service, or who was chosen; in continuous support the person's own counselor (H-07, X-13)."""
    counselors = Counselor.objects.offering(search.service)
    if search.counselor is not None:
        return counselors.filter(pk=search.counselor.pk)
    if not isinstance(search.person, User) or not booking_policy(search.service, now=search.now).needs_named_counselor:
        return counselors
    own = Recognition.objects.in_force(day_of(search.now)).filter(seeker=search.person, office=search.service.office_id)
    return counselors.filter(pk__in=own.values("counselor"))


@dataclass(frozen=True)
class Taken:
    """What takes up time in the period. `load` is the number of sessions of a counselor on a day."""

    of_counselors: dict[int, list[Interval]] = field(default_factory=lambda: defaultdict(list))
    of_person: list[Interval] = field(default_factory=list)
    load: Counter[tuple[int, date]] = field(default_factory=Counter)


class Kind(IntEnum):
    """Where a row of the one query about taken time comes from."""

    ABSENCE = 0
    SESSION = 1
    OF_PERSON = 2


def _taken(search: Search, first: date, last: date) -> Taken:
    """Absences, sessions with the free time around them, whole days on which a counselor is full, the person's sessions."""
    policy = booking_policy(search.service, now=search.now)
    taken = Taken()
    for kind, pk, starts_at, ends_at in _rows_of_taken_time(search, policy.gap, first, last):
        if kind == Kind.OF_PERSON:
            taken.of_person.append((starts_at, ends_at))
        elif kind == Kind.ABSENCE:
            taken.of_counselors[pk].append((starts_at, ends_at))
        else:
            taken.of_counselors[pk] += with_gap([(starts_at, ends_at)], policy.gap)
            taken.load[pk, day_of(starts_at)] += 1
    for (pk, day), count in taken.load.items():
        if is_counselor_full(count, policy):
            taken.of_counselors[pk].append(day_bounds(day, day))
    return taken


def _rows_of_taken_time(search: Search, gap: timedelta, first: date, last: date) -> Any:
    start, end = day_bounds(first, last)
    sessions = _taken_by_others(search).filter(starts_at__gt=start - LONGEST)
    absences = Absence.objects.filter(counselor__in=_counselors(search)).touching(start, end)
    of_counselors = sessions.filter(counselor__in=_counselors(search)).touching(start - gap, end + gap)
    parts = [_marked(of_counselors, Kind.SESSION), _marked(absences, Kind.ABSENCE)]
    if search.person is not None:
        parts.append(_marked(sessions.of_person(search.person).touching(start, end), Kind.OF_PERSON))
    return parts[0].union(*parts[1:], all=True)


def _marked(rows: Any, kind: Kind) -> Any:
    marked = rows.order_by().annotate(kind=Value(kind, output_field=SmallIntegerField()))
    return marked.values_list("kind", "counselor", "starts_at", "ends_at")


def _taken_by_others(search: Search) -> ReservationQuerySet:
    """What takes up counselors' time; not the person's own hold, which choosing another time gives back."""
    taken = Reservation.objects.occupying(search.now)
    if isinstance(search.person, User):
        taken = taken.exclude(status=ReservationStatus.HELD, seeker=search.person)
    return taken if search.moving is None else taken.exclude(pk=search.moving.pk)


def _interpreted_time(search: Search, first: date, last: date) -> list[Interval]:
    """When an interpreter of the language is free at the office: hours of the week with fewer sessions than seats."""
    start, end = day_bounds(first, last)
    office = search.service.office_id
    sessions = _taken_by_others(search).filter(office=office, office_interpreter=search.language)
    taken = list(sessions.touching(start, end).order_by().values_list("starts_at", "ends_at"))
    free: list[Interval] = []
    for hours in InterpreterHours.objects.filter(office=office, language=search.language):
        days = (day for day in _days(first, last) if day.weekday() == hours.weekday)
        opened = [(at(day, hours.opens), at(day, hours.closes)) for day in days]
        free += intervals_with_seat(opened, taken, hours.seats)
    return union(free)


def _cut(
    starts: dict[int, ByLength],
    free: dict[int, list[Interval]],
    blocked: list[Interval],
    load: Counter[tuple[int, date]],
) -> list[Slot]:
    who: dict[tuple[datetime, timedelta], list[int]] = defaultdict(list)
    for pk, intervals in free.items():
        left = subtract(intervals, blocked) if blocked else intervals
        for length, of_length in starts[pk].items():
            for start in fitting(of_length, left, length=length):
                who[start, length].append(pk)
    return [
        Slot(start, start + length, tuple(_by_load(who[start, length], day_of(start), load)))
        for start, length in sorted(who)
    ]


def _by_load(ids: list[int], day: date, load: Counter[tuple[int, date]]) -> list[int]:
    return sorted(ids, key=lambda pk: (load[pk, day], pk)) if len(ids) > 1 else ids


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))
