"""What Zoom holds, compared with our rows: orphans go, wrong times are put right, what is gone is replaced (ADR 13).

A meeting is ours when its agenda begins with our mark; any other is never touched. The list is read before the rows: a
row is committed before its meeting is asked for, so every meeting in the list has found its row by then, if it has one.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from booking.effects.check_meeting import check_meeting
from booking.effects.leases import locked
from booking.effects.orders import earliest_start
from booking.enums import CAN_BE_ENTERED, LIVE_MEETING, UPCOMING, MeetingState, ReservationStatus
from booking.meetings import provider
from booking.meetings.errors import MeetingError
from booking.meetings.protocol import MeetingProvider, ScheduledMeeting
from booking.models import MeetingHost, OnlineMeeting, Reservation
from offices.enums import MeetingSoftware

logger = logging.getLogger(__name__)

UNKNOWN_FOR = timedelta(hours=1)
"""A mark that no row has: only after so long is it nobody's. Before that, a database might be about to be restored."""
A_TALK_MAY_LAST = timedelta(hours=3)
"""After the planned end: nobody is thrown out of a session that the portal holds for completed, and Zoom was asked who was there."""


class Found(StrEnum):
    """The figures of a sweep."""

    OURS = "ours"
    ORPHAN = "orphans deleted"
    DOUBLE = "doubles deleted"
    YOUNG = "unknown but young"
    WRONG_TIME = "wrong times"
    GONE = "gone and replaced"
    OVER = "reservations no longer upcoming"
    FAILED = "failed"


Figures = Counter[Found]


def hosts_to_sweep() -> list[str]:
    """Hosts in use, and those of live rows though they are no longer in use."""
    rows = OnlineMeeting.objects.filter(
        software=MeetingSoftware.ZOOM, state__in=[*LIVE_MEETING, MeetingState.CLOSING]
    ).exclude(host="")
    in_use = MeetingHost.objects.active().order_by().values_list("address", flat=True)
    return sorted({*in_use, *rows.order_by().values_list("host", flat=True)})


def sweep_host(host: str, *, now: datetime) -> Figures:
    """Safe to run twice and beside workers; what they are about to make, change or close is left to them.

    A meeting at which Zoom fails is counted, the others are looked at all the same, and tomorrow it is tried again.
    """
    figures = Figures({Found.OVER: _give_up_what_is_over(host, now=now)})
    software = provider(MeetingSoftware.ZOOM)
    try:
        listed = software.scheduled(host)
    except MeetingError as failure:
        logger.warning("Sweep of %s: no list (%s: %s)", host, type(failure).__name__, failure)
        return figures + Figures({Found.FAILED: 1})
    ours = [meeting for meeting in listed if meeting.ref]
    figures[Found.OURS] = len(ours)
    figures += _look_at(ours, software=software, now=now)
    figures += _look_for_what_is_gone(host, listed=listed, now=now)
    logger.info("Sweep of %s: %s", host, ", ".join(f"{name} {count}" for name, count in figures.items()))
    return figures


def _give_up_what_is_over(host: str, *, now: datetime) -> int:
    rows = OnlineMeeting.objects.filter(host=host, software=MeetingSoftware.ZOOM, state__in=CAN_BE_ENTERED)
    candidates = rows.exclude(reservation__status__in=UPCOMING).values_list("pk", flat=True)
    return sum(_give_up(pk, now=now) for pk in candidates)


def _give_up(meeting_pk: int, *, now: datetime) -> bool:
    with transaction.atomic():
        reservation, meeting = locked(meeting_pk)
        if meeting.state not in CAN_BE_ENTERED or not _is_over(reservation, now=now):
            return False
        meeting.state, meeting.next_attempt_at = MeetingState.CLOSING, now
        meeting.save(update_fields=["state", "next_attempt_at"])
        return True


def _is_over(reservation: Reservation, *, now: datetime) -> bool:
    if reservation.status == ReservationStatus.COMPLETED:
        return reservation.ends_at + A_TALK_MAY_LAST <= now
    return reservation.status not in UPCOMING


def _look_at(ours: Iterable[ScheduledMeeting], *, software: MeetingProvider, now: datetime) -> Figures:
    figures = Figures()
    rows = _rows_of(ours)
    for meeting in ours:
        row = rows.get(meeting.ref)
        found = _judge(meeting, row=row, now=now)
        if found is None:
            continue
        if found in (Found.ORPHAN, Found.DOUBLE) and not _delete(meeting, software=software):
            found = Found.FAILED
        elif found == Found.WRONG_TIME and row is not None:
            _put_right(row, listed=meeting, now=now)
        figures[found] += 1
    return figures


def _put_right(row: OnlineMeeting, *, listed: ScheduledMeeting, now: datetime) -> None:
    """The list may lag, so the meeting itself is asked. What cannot be put right at once stands in the row for staff."""
    at_zoom, ours = (listed.starts_at, listed.minutes), (row.starts_at, row.minutes)
    logger.warning("Meeting %s: Zoom lists it at %s for %s minutes, not at %s for %s", row.pk, *at_zoom, *ours)
    check_meeting(row.pk, now=now)


def _rows_of(ours: Iterable[ScheduledMeeting]) -> Mapping[str, OnlineMeeting]:
    refs = {meeting.ref for meeting in ours}
    return {row.ref: row for row in OnlineMeeting.objects.filter(ref__in=refs).select_related("reservation")}


def _judge(meeting: ScheduledMeeting, *, row: OnlineMeeting | None, now: datetime) -> Found | None:
    """What is wrong with one of our meetings; None when nothing is, or when a worker is at its row."""
    if row is None:
        is_old = meeting.created_at is not None and meeting.created_at + UNKNOWN_FOR <= now
        return Found.ORPHAN if is_old else Found.YOUNG
    if row.state == MeetingState.CLOSED:
        return Found.ORPHAN
    if row.state == MeetingState.FAILED and row.reservation.status not in UPCOMING:
        return Found.ORPHAN
    if row.state in CAN_BE_ENTERED and row.meeting_id != meeting.meeting_id:
        return Found.DOUBLE
    if row.state == MeetingState.OPEN and _has_wrong_time(meeting, row=row, now=now):
        return Found.WRONG_TIME
    return None


def _has_wrong_time(meeting: ScheduledMeeting, *, row: OnlineMeeting, now: datetime) -> bool:
    """A session that has begun may have got the rest of its time only."""
    has_begun = row.starts_at < earliest_start(now)
    return not has_begun and (meeting.starts_at, meeting.minutes) != (row.starts_at, row.minutes)


def _delete(meeting: ScheduledMeeting, *, software: MeetingProvider) -> bool:
    try:
        software.cancel(meeting.meeting_id)
    except MeetingError as failure:
        logger.warning("Sweep: meeting %s not deleted (%s: %s)", meeting.meeting_id, type(failure).__name__, failure)
        return False
    logger.warning("Sweep: meeting %s of no live row deleted", meeting.meeting_id)
    return True


def _look_for_what_is_gone(host: str, *, listed: Iterable[ScheduledMeeting], now: datetime) -> Figures:
    """The list may lag, so Zoom is asked for each; only what it says is gone gets a new row, and its person a mail."""
    ids = {meeting.meeting_id for meeting in listed}
    rows = OnlineMeeting.objects.filter(
        host=host, software=MeetingSoftware.ZOOM, state=MeetingState.OPEN, reservation__status__in=UPCOMING
    )
    gone = 0
    for row in rows.filter(ends_at__gt=now).exclude(meeting_id__in=ids):
        check_meeting(row.pk, now=now)
        row.refresh_from_db(fields=["state"])
        if row.state == MeetingState.CLOSED:
            logger.warning("Meeting %s: gone at Zoom, replaced by a new one", row.pk)
            gone += 1
    return Figures({Found.GONE: gone})
