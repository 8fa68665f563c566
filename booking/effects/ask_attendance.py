"""Who is there, asked instead of told: everything that a webhook would tell can also be reached without one."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from booking.deadlines import is_no_show_due, join_opens_at
from booking.effects.leases import locked
from booking.enums import CAN_BE_ENTERED, CANCELLED, UPCOMING, SeenBy
from booking.meetings import provider
from booking.meetings.errors import MeetingError, MeetingGone, NotInPlan, NotThereYet
from booking.meetings.protocol import Capability, MeetingStatus
from booking.models import Attendance, OnlineMeeting

logger = logging.getLogger(__name__)

RUNNING = "running"
"""The instance of what was only seen to run: the status names none."""
AROUND_THE_START = timedelta(hours=2)
"""No rule opens a room earlier, or waits longer."""
ASKED_EVERY = timedelta(minutes=5)
ASKED_AFTER = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=2))
"""So long after the end: the software needs some minutes to know who was there. Then the portal gives up."""
MOST_WATCHED = 300
"""Calls in one run at most, the earliest sessions first; the rest has its turn when the office was seen in these."""


def meetings_to_watch(now: datetime) -> list[int]:
    """Of sessions between the opening of the room and the end of the waiting time, where the office was not seen yet."""
    soon = {"reservation__starts_at__gt": now - AROUND_THE_START, "reservation__starts_at__lt": now + AROUND_THE_START}
    seen = Attendance.objects.of_office().filter(meeting=OuterRef("pk"), joined_at__gt=now - AROUND_THE_START)
    rows = OnlineMeeting.objects.filter(state__in=CAN_BE_ENTERED, reservation__status__in=UPCOMING, **soon)
    rows = rows.exclude(meeting_id="").filter(~Exists(seen)).select_related("reservation__service")
    rows = rows.prefetch_related("reservation__service__policy_versions").order_by("starts_at")
    due = [row.pk for row in rows if _is_in_waiting_time(row, now=now)]
    return due[:MOST_WATCHED]


def meetings_to_look_back_at(now: datetime) -> list[int]:
    """Three times after the end, in runs of five minutes: nothing has to be remembered of how often it was asked.

    Every one that ended then: what a run left out would never have another turn.
    """
    run = now - timedelta(seconds=now.timestamp() % ASKED_EVERY.total_seconds())
    ended = OnlineMeeting.objects.none()
    for pause in ASKED_AFTER:
        until = run - pause
        ended |= OnlineMeeting.objects.filter(
            reservation__ends_at__gt=until - ASKED_EVERY, reservation__ends_at__lte=until
        )
    rows = ended.exclude(meeting_id="").exclude(reservation__status__in=CANCELLED)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def ask_status(meeting_pk: int, *, now: datetime) -> None:
    """One call: does the meeting run? Only the host's side can start it, so then the office is there. Safe to run twice."""
    meeting = OnlineMeeting.objects.get(pk=meeting_pk)
    software = provider(meeting.software)
    if Capability.ATTENDANCE not in software.capabilities:
        return
    try:
        runs = software.status(meeting.meeting_id) == MeetingStatus.STARTED
    except MeetingError as failure:
        logger.info("Meeting %s: nobody told whether it runs (%s)", meeting_pk, type(failure).__name__)
        return
    if not runs:
        return
    with transaction.atomic():
        locked(meeting_pk)
        Attendance.objects.note(
            meeting,
            instance=RUNNING,
            participant="",
            is_host=True,
            seen_by=SeenBy.POLL,
            joined_at=now,
        )


def ask_attendance(meeting_pk: int, *, now: datetime) -> None:
    """Afterwards: who was in the meeting. What is not complete yet, or not in the account's plan, is left as it is.

    Safe to run twice. A stay that a webhook told already is the same row.
    """
    meeting = OnlineMeeting.objects.get(pk=meeting_pk)
    software = provider(meeting.software)
    if Capability.ATTENDANCE not in software.capabilities:
        return
    try:
        stays = software.attendance(meeting.meeting_id, host=meeting.host)
    except (NotThereYet, NotInPlan, MeetingGone):
        return
    except MeetingError as failure:
        logger.info("Meeting %s: nobody told who was there (%s)", meeting_pk, type(failure).__name__)
        return
    with transaction.atomic():
        locked(meeting_pk)
        for stay in stays:
            Attendance.objects.note(
                meeting,
                instance=stay.instance[:80],
                participant=stay.participant[:80],
                is_host=stay.is_host,
                seen_by=SeenBy.POLL,
                joined_at=stay.joined_at,
                left_at=stay.left_at,
            )


def _is_in_waiting_time(meeting: OnlineMeeting, *, now: datetime) -> bool:
    reservation = meeting.reservation
    return join_opens_at(reservation) <= now and not is_no_show_due(reservation, now=now)
