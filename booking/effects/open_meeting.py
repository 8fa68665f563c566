from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from booking.effects.another_host import find_usable_host, why_not_host
from booking.effects.change_meeting import change_meeting
from booking.effects.close_meeting import close_meeting
from booking.effects.leases import FIRST_PAUSE, claim, explain_deviations, give_back, is_due, locked
from booking.effects.orders import Order, earliest_start, is_over, order_of
from booking.effects.quota import counted
from booking.enums import CAN_BE_ENTERED, NOT_YET_OPEN, UPCOMING, MeetingState
from booking.meetings import provider
from booking.meetings.errors import HostUnavailable, HostUsedUp, MeetingError, OutcomeUnknown
from booking.meetings.protocol import CreatedMeeting
from booking.models import OnlineMeeting
from mailing.queue import wake


def open_meeting(meeting_pk: int, *, now: datetime) -> None:
    """The reservation's meeting exists, once, and its row knows the link. Safe to run twice and at the same time.

    No transaction is open and no row is locked while the meeting software answers. Before anything is asked for a
    second time, a meeting that carries the row's mark is looked for and adopted. A meeting made for a time from which
    the reservation was moved meanwhile can be entered at once and is changed right after.
    """
    find_usable_host(meeting_pk, now=now)
    with transaction.atomic():
        order = _claim(meeting_pk, now=now)
    if order is None:
        return
    may_exist = order.may_exist
    try:
        found = _find(order)
        may_exist = bool(found)
        created = provider(order.software).read(found[0]) if found else _create(order, now=now)
    except MeetingError as failure:
        with transaction.atomic():
            _settle_failure(order, failure=failure, may_exist=may_exist, now=now)
        find_usable_host(meeting_pk, now=now, was_refused=isinstance(failure, HostUnavailable | HostUsedUp))
        return
    with transaction.atomic():
        perhaps_to_close = _settle(order, created=created, now=now)
    close_meeting(perhaps_to_close, now=now)
    change_meeting(order.meeting_pk, now=now)


def _claim(meeting_pk: int, *, now: datetime) -> Order | None:
    reservation, meeting = locked(meeting_pk)
    if meeting.state not in NOT_YET_OPEN or not is_due(meeting, now=now):
        return None
    if reservation.status not in UPCOMING:
        _want_closed(meeting, now=now)
        return None
    if is_over(meeting, now=now):
        _give_up(meeting)
        return None
    may_exist = meeting.state != MeetingState.REQUESTED
    if not may_exist:
        meeting.host = reservation.meeting_host_id or ""
        of_no_use = why_not_host(meeting.host, now=now)
        if of_no_use is not None:
            give_back(meeting, failure=of_no_use, now=now)
            return None
    meeting.state = MeetingState.CREATING
    claim(meeting, now=now)
    return order_of(meeting, now=now, may_exist=may_exist)


def _find(order: Order) -> tuple[str, ...]:
    """The meeting that an earlier attempt made, if any; doubles are cancelled."""
    if order.attempts == 1:
        return ()
    software = provider(order.software)
    found = software.find_by_ref(order.request.host, ref=order.request.ref)
    for double in found[1:]:
        software.cancel(double)
    return found[:1]


def _create(order: Order, *, now: datetime) -> CreatedMeeting:
    with counted(order.request.host, now=now):
        return provider(order.software).create(order.request, now=now)


def _settle(order: Order, *, created: CreatedMeeting, now: datetime) -> int:
    """Write the result down and return the row that may have to be closed: this one, or that of a meeting too many."""
    reservation, meeting = locked(order.meeting_pk)
    if meeting.state in CAN_BE_ENTERED:
        return meeting.pk if meeting.meeting_id == created.meeting_id else _surplus(meeting, created=created, now=now)
    meeting.meeting_id = created.meeting_id
    meeting.leased_until = None
    if meeting.state not in NOT_YET_OPEN or reservation.status not in UPCOMING:
        _want_closed(meeting, now=now)
        return meeting.pk
    meeting.join_url = created.join_url
    meeting.passcode = created.passcode
    meeting.state = MeetingState.OPEN if _has_its_time(created, meeting=meeting, now=now) else MeetingState.CHANGING
    meeting.opened_at = now
    meeting.next_attempt_at = now
    meeting.error = explain_deviations(created)
    meeting.save(
        update_fields=[
            "meeting_id",
            "join_url",
            "passcode",
            "state",
            "opened_at",
            "next_attempt_at",
            "leased_until",
            "error",
        ],
    )
    wake(str(reservation.uuid), now=now)
    return meeting.pk


def _has_its_time(created: CreatedMeeting, *, meeting: OnlineMeeting, now: datetime) -> bool:
    """False when the reservation was moved while the meeting was being made, or since an attempt whose answer was lost.

    A session that has begun got the rest of its time: that is good enough.
    """
    has_begun = meeting.starts_at < earliest_start(now)
    return has_begun or (created.starts_at, created.minutes) == (meeting.starts_at, meeting.minutes)


def _surplus(meeting: OnlineMeeting, *, created: CreatedMeeting, now: datetime) -> int:
    """Another run was faster: the meeting too many gets a row of its own, so that its closing is never forgotten."""
    row = OnlineMeeting.objects.create(
        reservation=meeting.reservation,
        software=meeting.software,
        state=MeetingState.CLOSING,
        host=meeting.host,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        meeting_id=created.meeting_id,
        requested_at=now,
        next_attempt_at=now,
    )
    return row.pk


def _settle_failure(order: Order, *, failure: MeetingError, may_exist: bool, now: datetime) -> None:
    """`may_exist`: an earlier attempt may have made the meeting, and nobody has looked since."""
    reservation, meeting = locked(order.meeting_pk)
    if meeting.attempts != order.attempts or meeting.state in CAN_BE_ENTERED:
        return
    is_open_question = may_exist or isinstance(failure, OutcomeUnknown)
    if meeting.state == MeetingState.CREATING and reservation.status in UPCOMING:
        meeting.state = MeetingState.UNKNOWN if is_open_question else MeetingState.REQUESTED
        give_back(meeting, failure=failure, now=now)
    else:
        meeting.leased_until = None
        _want_closed(meeting, now=now + FIRST_PAUSE if is_open_question else now)


def _want_closed(meeting: OnlineMeeting, *, now: datetime) -> None:
    meeting.state = MeetingState.CLOSING
    meeting.next_attempt_at = now
    meeting.save(update_fields=["meeting_id", "state", "leased_until", "next_attempt_at"])


def _give_up(meeting: OnlineMeeting) -> None:
    """The session is over: a meeting would come too late."""
    meeting.state = MeetingState.FAILED
    meeting.error = (_("相談の時間が終わるまでに作成できませんでした。") + meeting.error)[:300]
    meeting.leased_until = None
    meeting.save(update_fields=["state", "error", "leased_until"])
