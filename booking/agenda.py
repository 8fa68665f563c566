"""What staff see of an office: the week of every counselor, and the list of one day. Constant number of queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from booking.clock import JST, at, day_bounds, day_of, end_of
from booking.enums import UPCOMING, MeetingState, ReservationStatus
from booking.meetings import can
from booking.meetings.protocol import Capability
from booking.models import Absence, Counselor, OnlineMeeting, OpeningWindow, Reservation
from booking.models.meeting import OnlineMeetingQuerySet
from booking.models.reservation import ReservationQuerySet
from mailing.models import OutgoingMail
from offices.calendar import OfficeCalendar, is_holiday
from offices.enums import MeetingSoftware, PhoneCaller
from offices.models import ClosedDay, Office

DAYS_OF_A_WEEK = 7


@dataclass(frozen=True)
class AgendaDay:
    """A column of the calendar. `closed` says why nobody can book on it; empty on an open day."""

    day: date
    closed: str
    is_today: bool


@dataclass(frozen=True)
class AbsencePart:
    """The part of an absence that falls on one day, in Japan time."""

    absence: Absence
    starts_at: datetime
    ends_at: datetime
    is_whole_day: bool


@dataclass
class AgendaCell:
    """One counselor on one day."""

    day: AgendaDay
    windows: list[OpeningWindow] = field(default_factory=list)
    absences: list[AbsencePart] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)


@dataclass(frozen=True)
class AgendaRow:
    counselor: Counselor
    may_change: bool
    cells: list[AgendaCell]


@dataclass(frozen=True)
class Week:
    office: Office
    days: list[AgendaDay]
    rows: list[AgendaRow]

    @property
    def first_day(self) -> date:
        return self.days[0].day

    @property
    def last_day(self) -> date:
        return self.days[-1].day

    @property
    def previous(self) -> date:
        return self.first_day - timedelta(days=DAYS_OF_A_WEEK)

    @property
    def following(self) -> date:
        return self.first_day + timedelta(days=DAYS_OF_A_WEEK)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week_of(
    office: Office, *, counselors: Sequence[Counselor], changeable: set[int], monday: date, today: date
) -> Week:
    """The week from that Monday. `changeable` holds the ids of the counselors whose schedule the reader may change."""
    days = agenda_days(office, first_day=monday, count=DAYS_OF_A_WEEK, today=today)
    cells = {(c.pk, d.day): AgendaCell(day=d) for c in counselors for d in days}
    first, last = days[0].day, days[-1].day
    start, end = day_bounds(first, last)
    for window in OpeningWindow.objects.filter(counselor__in=counselors).touching(first, last).order_by("opens"):
        for agenda_day in days:
            if window.is_on(agenda_day.day):
                cells[window.counselor_id, agenda_day.day].windows.append(window)
    for absence in Absence.objects.filter(counselor__in=counselors).touching(start, end):
        for agenda_day in days:
            part = part_on(absence, agenda_day.day)
            if part is not None:
                cells[absence.counselor_id, agenda_day.day].absences.append(part)
    reservations = Reservation.objects.booked().filter(
        counselor__in=counselors, starts_at__gte=start, starts_at__lt=end
    )
    for reservation in reservations.select_related("service").order_by("starts_at", "pk"):
        cells[reservation.counselor_id, day_of(reservation.starts_at)].reservations.append(reservation)
    rows = [
        AgendaRow(counselor=c, may_change=c.pk in changeable, cells=[cells[c.pk, d.day] for d in days])
        for c in counselors
    ]
    return Week(office=office, days=days, rows=rows)


def agenda_days(office: Office, *, first_day: date, count: int, today: date) -> list[AgendaDay]:
    days = [first_day + timedelta(days=n) for n in range(count)]
    reasons = dict(ClosedDay.objects.filter(office=office, day__range=(days[0], days[-1])).values_list("day", "reason"))
    calendar = OfficeCalendar(closed_days=frozenset(reasons))
    return [
        AgendaDay(day=day, closed=closed_reason(day, calendar=calendar, reasons=reasons), is_today=day == today)
        for day in days
    ]


def closed_reason(day: date, *, calendar: OfficeCalendar, reasons: dict[date, str]) -> str:
    if not calendar.is_closed(day):
        return ""
    if is_holiday(day):
        return _("祝日・年末年始")
    return reasons.get(day) or _("閉庁日")


def part_on(absence: Absence, day: date) -> AbsencePart | None:
    """What of the absence falls on that day; None when nothing does."""
    start, end = day_bounds(day, day)
    if absence.starts_at >= end or absence.ends_at <= start:
        return None
    first = max(absence.starts_at, start).astimezone(JST)
    last = min(absence.ends_at, end).astimezone(JST)
    return AbsencePart(
        absence=absence, starts_at=first, ends_at=last, is_whole_day=(first, last) == (start, end_of(day))
    )


@dataclass(frozen=True)
class DayEntry:
    """A reservation in the list of one day, with what staff must notice about it."""

    reservation: Reservation
    meeting: OnlineMeeting | None
    meeting_is_late: bool
    mail_failed: bool
    minutes_left: int | None
    """Minutes until the end while the session runs, else None (S-11)."""
    minutes_over: int | None
    """Minutes since the end of a session that is still running, else None."""
    next_at: datetime | None
    """When the counselor's next session of the day begins (S-11)."""

    @property
    def is_running(self) -> bool:
        return self.minutes_left is not None or self.minutes_over is not None

    @property
    def software(self) -> MeetingSoftware:
        """Of the row that was made with it, else of the service."""
        return MeetingSoftware(self.meeting.software) if self.meeting else self.reservation.service.software

    @property
    def software_label(self) -> str:
        return self.reservation.service.label_of(self.software)

    @property
    def is_by_phone(self) -> bool:
        return self.software == MeetingSoftware.PHONE and self.reservation.status in UPCOMING

    @property
    def office_calls(self) -> bool:
        return self.reservation.service.phone_caller == PhoneCaller.OFFICE

    @property
    def has_link(self) -> bool:
        """Is there a link that staff entered, or that came from the pool, to look at or to replace?"""
        is_standing = self.reservation.status in UPCOMING
        return is_standing and self.software == MeetingSoftware.LINK and self.has_open_meeting

    @property
    def is_link_missing(self) -> bool:
        is_missing = self.meeting is not None and self.meeting.state == MeetingState.MISSING
        return is_missing and self.reservation.status in UPCOMING

    @property
    def has_host_link(self) -> bool:
        """Is there a meeting that staff can open as its host?"""
        return self.has_open_meeting and can(self.software, Capability.HOST_LINK)

    @property
    def has_open_meeting(self) -> bool:
        return self.meeting is not None and self.meeting.can_be_entered


def day_list(user: Any, *, office: Office, day: date, now: datetime) -> list[DayEntry]:
    """The reservations of the office on that day in order of time."""
    start, end = day_bounds(day, day)
    rows = list(
        Reservation.objects.visible_to(user)
        .filter(office=office, starts_at__gte=start, starts_at__lt=end)
        .select_related("office", "service__office", "counselor__membership", "seeker__employer_profile", "guest")
        .prefetch_related("service__policy_versions")
        .order_by("starts_at", "counselor__name", "pk")
    )
    return entries_of(rows, now=now)


def entries_of(rows: Sequence[Reservation], *, now: datetime) -> list[DayEntry]:
    meetings = {m.reservation_id: m for m in OnlineMeeting.objects.live().filter(reservation__in=rows)}
    late = set(OnlineMeeting.objects.filter(reservation__in=rows).late(now).values_list("reservation_id", flat=True))
    causes = [str(row.uuid) for row in rows]
    untold = OutgoingMail.objects.undelivered().filter(told_at=None)
    failed = set(untold.filter(cause__in=causes).values_list("cause", flat=True))
    following = next_starts(rows)
    return [
        DayEntry(
            reservation=row,
            meeting=meetings.get(row.pk),
            meeting_is_late=row.pk in late and row.status in UPCOMING,
            mail_failed=str(row.uuid) in failed,
            minutes_left=minutes_left(row, now=now),
            minutes_over=minutes_over(row, now=now),
            next_at=following.get(row.pk),
        )
        for row in rows
    ]


def minutes_left(reservation: Reservation, *, now: datetime) -> int | None:
    if reservation.status not in UPCOMING or not reservation.starts_at <= now < reservation.ends_at:
        return None
    return -((now - reservation.ends_at) // timedelta(minutes=1))


def minutes_over(reservation: Reservation, *, now: datetime) -> int | None:
    if reservation.status != ReservationStatus.CHECKED_IN or now < reservation.ends_at:
        return None
    return (now - reservation.ends_at) // timedelta(minutes=1)


def next_starts(rows: Sequence[Reservation]) -> dict[int, datetime]:
    """For each reservation, when its counselor's next one of that day begins that still stands. One query."""
    if not rows:
        return {}
    days = [day_of(row.starts_at) for row in rows]
    start, end = day_bounds(min(days), max(days))
    standing = Reservation.objects.upcoming().filter(counselor__in={row.counselor_id for row in rows})
    starts = standing.filter(starts_at__gte=start, starts_at__lt=end).order_by("starts_at")
    of_counselor: dict[int, list[datetime]] = defaultdict(list)
    for counselor_id, starts_at in starts.values_list("counselor", "starts_at"):
        of_counselor[counselor_id].append(starts_at)
    following = {
        row.pk: next((later for later in of_counselor[row.counselor_id] if is_later_that_day(later, row)), None)
        for row in rows
    }
    return {pk: later for pk, later in following.items() if later is not None}


def is_later_that_day(moment: datetime, row: Reservation) -> bool:
    return moment > row.starts_at and day_of(moment) == day_of(row.starts_at)


def needs_decision(user: Any, *, office: Office) -> tuple[ReservationQuerySet, ReservationQuerySet]:
    """What waits for staff: nobody knows whose fault it was, the oldest first; no-shows without consequence, the newest."""
    rows = Reservation.objects.visible_to(user).filter(office=office).select_related("office", "service", "counselor")
    undecided = rows.needing_decision().order_by("starts_at", "pk")
    return undecided, rows.no_shows_to_confirm().order_by("-starts_at", "-pk")


def decisions_waiting(user: Any, *, office: Office) -> int:
    """How many, in one query; for the links to their list."""
    both = needs_decision(user, office=office)
    counts = [rows.order_by().values("pk") for rows in both]
    return counts[0].union(counts[1], all=True).count()


def missing_links(user: Any, *, office: Office, now: datetime) -> OnlineMeetingQuerySet:
    """The meetings of the office whose link nobody has entered yet, the earliest session first (S-25, X-14)."""
    own = Reservation.objects.visible_to(user).filter(office=office)
    rows = OnlineMeeting.objects.missing(now).filter(reservation__in=own.values("pk"))
    return rows.select_related("reservation__service", "reservation__counselor").order_by("starts_at", "pk")


def hit_by_absence(absence: Absence, *, now: datetime) -> list[Reservation]:
    """The reservations still to come that fall into the absence, for the warning after saving it."""
    upcoming = Reservation.objects.upcoming().filter(counselor=absence.counselor_id, ends_at__gt=now)
    return list(upcoming.touching(absence.starts_at, absence.ends_at).order_by("starts_at"))


def outside_windows(counselor: Counselor, *, now: datetime) -> list[Reservation]:
    """The counselor's reservations still to come that no opening window contains any more."""
    upcoming = list(Reservation.objects.upcoming().filter(counselor=counselor, starts_at__gt=now).order_by("starts_at"))
    windows = list(OpeningWindow.objects.filter(counselor=counselor))
    return [row for row in upcoming if not any(contains(window, row) for window in windows)]


def contains(window: OpeningWindow, reservation: Reservation) -> bool:
    day = day_of(reservation.starts_at)
    return (
        window.is_on(day)
        and at(day, window.opens) <= reservation.starts_at
        and reservation.ends_at <= at(day, window.closes)
    )
