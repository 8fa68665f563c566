"""A meeting that nobody has asked for yet goes to another host when its own is of no use (ADR 12)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from booking.db import constraint_as_booking_error
from booking.effects.leases import is_due, locked, pause
from booking.effects.quota import has_calls_left
from booking.enums import UPCOMING, MeetingState
from booking.errors import BookingError
from booking.hosts import choose_host, host_columns, lock_all_hosts
from booking.meetings.errors import HostUnavailable, HostUsedUp, MeetingError
from booking.meetings.zoom.answers import next_utc_midnight
from booking.models import MeetingHost, OnlineMeeting, Reservation
from booking.models.host import MOST_CALLS_A_DAY
from booking.refusals import refusal
from offices.enums import MeetingSoftware


def why_not_host(address: str | None, *, now: datetime) -> MeetingError | None:
    """Why this host cannot be asked for a new meeting now, or None."""
    if not address:
        return HostUnavailable(_("Zoomのユーザーが登録されていません"))
    if not MeetingHost.objects.active().filter(pk=address).exists():
        return HostUnavailable(_("このZoomのユーザーは使わない設定です"))
    if not has_calls_left(address, now=now):
        return HostUsedUp(_("このZoomのユーザーの今日の回数を使い切りました"), at=next_utc_midnight(now))
    return None


def find_usable_host(meeting_pk: int, *, now: datetime, was_refused: bool = False) -> None:
    """Where the host of a meeting still to be asked for is of no use, another free one takes its place, if there is one.

    `was_refused`: Zoom has just refused it, whatever the portal knows; then the next attempt comes after a pause. A
    meeting whose outcome is unknown never changes host: it may exist there. Locks hosts, reservation, meeting.
    """
    meeting = OnlineMeeting.objects.select_related("reservation__counselor__office").get(pk=meeting_pk)
    if not _is_still_to_be_asked_for(meeting) or not (was_refused or is_due(meeting, now=now)):
        return
    former = meeting.reservation.meeting_host_id
    if not was_refused and why_not_host(former, now=now) is None:
        return
    lost = {"meeting_host_not_double_booked": refusal("no_host_free")}
    try:
        with transaction.atomic(), constraint_as_booking_error(lost):
            _exchange(meeting.reservation, meeting_pk, former=former, was_refused=was_refused, now=now)
    except BookingError:
        return


def _exchange(seen: Reservation, meeting_pk: int, *, former: str | None, was_refused: bool, now: datetime) -> None:
    others = [host for host in lock_all_hosts(seen.counselor) if host.pk != former]
    reservation, meeting = locked(meeting_pk)
    is_as_seen = (reservation.counselor_id, reservation.meeting_host_id) == (seen.counselor_id, former)
    if not is_as_seen or not _is_still_to_be_asked_for(meeting) or reservation.status not in UPCOMING:
        return
    host = choose_host(
        others,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        taken=Reservation.objects.occupying(now).exclude(pk=reservation.pk),
        now=now,
        preferred=seen.counselor.meeting_host_id,
    )
    if host is None or host.calls_today >= MOST_CALLS_A_DAY:
        return
    columns = host_columns(host, ends_at=reservation.ends_at)
    for name, value in columns.items():
        setattr(reservation, name, value)
    reservation.save(update_fields=list(columns))
    meeting.host = host.pk
    if was_refused:
        meeting.next_attempt_at = now + pause(meeting.attempts)
    meeting.save(update_fields=["host", "next_attempt_at"])


def _is_still_to_be_asked_for(meeting: OnlineMeeting) -> bool:
    return meeting.software == MeetingSoftware.ZOOM and meeting.state == MeetingState.REQUESTED
