"""What is kept how long (settings.RETENTION, domain-and-standards B.6), carried out every night."""

from datetime import date, datetime, time

from django.conf import settings
from django.db.models import Q

from audit.retention import deletion_allowed
from booking.clock import at, day_of, fiscal_year_start
from booking.enums import CAN_BE_ENTERED, OPEN_REQUEST, MeetingState, RequestState, ReservationStatus
from booking.models import (
    Attendance,
    Offer,
    OnlineMeeting,
    Recognition,
    Reservation,
    ReservationEvent,
    Restriction,
    SessionRequest,
    WaitingEntry,
    WebhookDelivery,
)


def purge_topics(now: datetime) -> int:
    """相談内容, the answers to the office's questions and the counselor's note go 90 days after the session."""
    before = now - settings.RETENTION["topic"]
    old = Reservation.objects.filter(ends_at__lte=before).exclude(topic="", internal_note="", answers=[])
    return old.update(topic="", internal_note="", answers=[]) + _purge_topics_of_requests(before)


def _purge_topics_of_requests(before: datetime) -> int:
    """With their session's; of those that came to nothing, so long after they were made."""
    held = Q(reservation__ends_at__lte=before, state=RequestState.ACCEPTED)
    came_to_nothing = Q(requested_at__lte=before) & ~Q(state__in=[*OPEN_REQUEST, RequestState.ACCEPTED])
    return (
        SessionRequest.objects.filter(held | came_to_nothing).exclude(topic="", answers=[]).update(topic="", answers=[])
    )


def strip_old_restrictions(now: datetime) -> int:
    """What was written about a person goes some fiscal years after the restriction or recognition ended; that it was stays."""
    before = _kept_since(now)
    ended = Q(ends_on__lt=before) | Q(lifted_at__lt=at(before, time.min))
    restrictions = Restriction.objects.filter(ended).exclude(reason="", text="", lifted_reason="")
    gone = Q(ends_on__lt=before) | Q(revoked_at__lt=at(before, time.min))
    recognitions = Recognition.objects.filter(gone).exclude(reason="")
    return restrictions.update(reason="", text="", lifted_reason="") + recognitions.update(reason="")


def purge_meeting_links(now: datetime) -> int:
    """Link and passcode are personal data: gone a day after the session."""
    old = OnlineMeeting.objects.filter(reservation__ends_at__lte=now - settings.RETENTION["meeting_link"])
    old.filter(state__in=CAN_BE_ENTERED).update(state=MeetingState.CLOSED)
    return old.exclude(join_url="", passcode="").update(join_url="", passcode="", exclusive_link=None)


def strip_old_reservations(now: datetime) -> int:
    """Contact data go some fiscal years after the one of the session; what statistics need stays."""
    old = Reservation.objects.filter(starts_at__lt=at(_kept_since(now), time.min))
    old_requests = SessionRequest.objects.filter(requested_at__lt=at(_kept_since(now), time.min)).exclude(
        state__in=OPEN_REQUEST
    )
    stripped = old_requests.exclude(name="", phone="").strip_personal_data()
    return stripped + old.exclude(name="", phone="").strip_personal_data()


def delete_old_waiting(now: datetime) -> int:
    """Entries of the waiting list go with their offers some fiscal years after the one in which they ended.

    How many people waited stays in the numbers of unmet demand.
    """
    old = WaitingEntry.objects.filter(ended_at__lt=at(_kept_since(now), time.min))
    ids = list(old.values_list("pk", flat=True))
    Offer.objects.filter(entry__in=ids).delete()
    WaitingEntry.objects.filter(pk__in=ids).delete()
    return len(ids)


def delete_bare_holds(now: datetime) -> int:
    """Holds that never became a reservation go after a day, with their events; offered ones with the entry that knows of them."""
    bare = Reservation.objects.filter(
        status__in=[ReservationStatus.RELEASED, ReservationStatus.EXPIRED],
        created_at__lte=now - settings.RETENTION["bare_hold"],
        offer__isnull=True,
    )
    with deletion_allowed():
        ids = list(bare.values_list("pk", flat=True))
        ReservationEvent.objects.filter(reservation__in=ids).delete()
        Reservation.objects.filter(pk__in=ids).delete()
    return len(ids)


def delete_attendances(now: datetime) -> int:
    """Who was in the meeting when is told as long as what was talked about: so long after the session."""
    old = Attendance.objects.filter(meeting__reservation__ends_at__lte=now - settings.RETENTION["attendance"])
    return old.delete()[0]


def delete_webhook_deliveries(now: datetime) -> int:
    """Long after their signatures stopped being accepted, so none can come a second time."""
    return WebhookDelivery.objects.filter(received_at__lte=now - settings.RETENTION["webhook_delivery"]).delete()[0]


def _kept_since(now: datetime) -> date:
    this_year = fiscal_year_start(day_of(now))
    return this_year.replace(year=this_year.year - settings.FISCAL_YEARS_KEPT)
