"""Staff enter the link of a session, or replace it, where the portal cannot command the meeting software (S-24)."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from booking.db import constraint_as_booking_error, flow_transaction
from booking.enums import CAN_BE_ENTERED, UPCOMING
from booking.errors import BookingError
from booking.flows.online_meeting import close_at_once
from booking.mails.reservations import queue_new_link
from booking.models import OnlineMeeting, Reservation
from booking.models.meeting import ONE_SESSION_AT_A_TIME
from booking.refusals import refusal, refusal_for
from booking.rules.links import why_not_link
from mailing.queue import wake
from offices.enums import MeetingSoftware


@dataclass(frozen=True, kw_only=True)
class EnteredLink:
    """What staff typed; the address in one spelling (rules.links)."""

    url: str
    number: str = ""
    passcode: str = ""
    has_lobby: bool = False
    """Staff let people in one by one, so sessions that touch may share the address."""


def meeting_by_link(reservation: Reservation) -> OnlineMeeting | None:
    """The row whose link staff may enter or replace."""
    return OnlineMeeting.objects.live().filter(reservation=reservation, software=MeetingSoftware.LINK).first()


def why_not_enter_link(reservation: Reservation, *, now: datetime) -> BookingError | None:
    """The reason why no link is wanted now, or None: sessions by link, that stand and are not over."""
    is_wanted = reservation.status in UPCOMING and now < reservation.ends_at
    return None if is_wanted and meeting_by_link(reservation) is not None else refusal("link_not_wanted")


def enter_link(reservation: Reservation, *, link: EnteredLink, now: datetime, reason: str = "") -> OnlineMeeting:
    """The session can be entered by this link; the mail that waited for it goes out, or one that tells the new link.

    A link that is there already is replaced, with a reason, by a row of its own. Locks reservation, meeting. Raises
    link_not_wanted, reason_missing, link_in_use, link_in_use_elsewhere, or what rules.links says to the address.
    """
    unusable = why_not_link(link.url, allowed_hosts=settings.MEETING_LINK_HOSTS)
    if unusable is not None:
        raise refusal_for(unusable, office=reservation.office)
    with flow_transaction():
        locked = Reservation.objects.lock().with_facts().get(pk=reservation.pk)
        meeting = OnlineMeeting.objects.lock().live().filter(reservation=locked).first()
        refused = why_not_enter_link(locked, now=now)
        if refused is not None or meeting is None:
            raise refusal("link_not_wanted")
        if meeting.state in CAN_BE_ENTERED:
            return _replace(meeting, locked, link=link, now=now, reason=reason.strip())
        _lead(meeting, link=link, now=now)
        wake(str(locked.uuid), now=now)
        return meeting


def _replace(
    former: OnlineMeeting, reservation: Reservation, *, link: EnteredLink, now: datetime, reason: str
) -> OnlineMeeting:
    """Mails name the row they tell of: those about the former one are not sent any more."""
    if not reason:
        raise refusal("reason_missing")
    close_at_once(former, why=_("URLを差し替えました: %(reason)s") % {"reason": reason[:250]})
    meeting = OnlineMeeting(
        reservation=reservation,
        software=MeetingSoftware.LINK,
        starts_at=reservation.starts_at,
        ends_at=reservation.ends_at,
        requested_at=now,
        next_attempt_at=now,
    )
    _lead(meeting, link=link, now=now)
    queue_new_link(reservation, now=now)
    wake(str(reservation.uuid), now=now)
    return meeting


def _lead(meeting: OnlineMeeting, *, link: EnteredLink, now: datetime) -> None:
    """Refuse an address that a session in touch has, unless both say it has a lobby; the constraint has the last word."""
    _refuse_in_use(meeting, link=link)
    meeting.link = None
    meeting.lead_to(link.url, number=link.number, passcode=link.passcode, has_lobby=link.has_lobby, now=now)
    try:
        with constraint_as_booking_error({ONE_SESSION_AT_A_TIME: refusal("link_in_use_elsewhere")}):
            meeting.save()
    except BookingError:
        _refuse_in_use(meeting, link=link)
        raise


def _refuse_in_use(meeting: OnlineMeeting, *, link: EnteredLink) -> None:
    """Of the own office the reservation is named, so that staff can look; of another one it is not."""
    touching = OnlineMeeting.objects.touching(link.url, meeting).select_related("reservation").order_by("starts_at")
    other = (touching.exclude(exclusive_link=None) if link.has_lobby else touching).first()
    if other is None:
        return
    if other.reservation.office_id != meeting.reservation.office_id:
        raise refusal("link_in_use_elsewhere")
    raise refusal("link_in_use", number=other.reservation.display_number, starts=other.starts_at)
