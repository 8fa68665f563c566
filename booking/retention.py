"""What is kept how long (settings.RETENTION, domain-and-standards B.6), carried out every night."""

from datetime import datetime, time

from django.conf import settings

from audit.retention import deletion_allowed
from booking.clock import at, day_of, fiscal_year_start
from booking.enums import MeetingState, ReservationStatus
from booking.models import OnlineMeeting, Reservation, ReservationEvent


def purge_topics(now: datetime) -> int:
    """相談内容 goes 90 days after the session."""
    old = Reservation.objects.filter(ends_at__lte=now - settings.RETENTION["topic"])
    return old.exclude(topic="").update(topic="")


def purge_meeting_links(now: datetime) -> int:
    """Link and passcode are personal data: gone a day after the session."""
    old = OnlineMeeting.objects.filter(reservation__ends_at__lte=now - settings.RETENTION["meeting_link"])
    old.filter(state=MeetingState.OPEN).update(state=MeetingState.CLOSED)
    return old.exclude(join_url="", passcode="").update(join_url="", passcode="")


def strip_old_reservations(now: datetime) -> int:
    """Contact data go some fiscal years after the one of the session; what statistics need stays."""
    this_year = fiscal_year_start(day_of(now))
    kept_since = this_year.replace(year=this_year.year - settings.FISCAL_YEARS_KEPT)
    old = Reservation.objects.filter(starts_at__lt=at(kept_since, time.min))
    return old.exclude(name="", phone="").strip_personal_data()


def delete_bare_holds(now: datetime) -> int:
    """Holds that never became a reservation go after a day, with their events."""
    bare = Reservation.objects.filter(
        status__in=[ReservationStatus.RELEASED, ReservationStatus.EXPIRED],
        created_at__lte=now - settings.RETENTION["bare_hold"],
    )
    with deletion_allowed():
        ids = list(bare.values_list("pk", flat=True))
        ReservationEvent.objects.filter(reservation__in=ids).delete()
        Reservation.objects.filter(pk__in=ids).delete()
    return len(ids)
