"""What booking says about an account that others erase: its last use (X-16), and what the office cancels first (J-28).

What is erased itself stands in booking/flows/leave.py.
"""

from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, Subquery
from django.db.models.functions import Greatest

from accounts.deletion import before_ex_officio
from accounts.usage import keeps_account, last_use
from booking.enums import PENDING, UPCOMING, ReservationStatus
from booking.flows.cancel import cancel_by_office
from booking.models import Reservation


@last_use
def last_booking_or_attendance() -> Subquery[Any]:
    """The last reservation made, by whichever way, and the last session that took place."""
    own = Reservation.objects.filter(seeker=OuterRef("pk")).order_by().values("seeker")
    attended = Max("ends_at", filter=Q(status=ReservationStatus.COMPLETED))
    moments = Greatest(Max("reserved_at"), Max("checked_in_at"), Max("contacted_at"), attended)
    return Subquery(own.annotate(last=moments).values("last"))


@keeps_account
def has_coming_session(*, now: datetime) -> Exists:
    """Also while somebody may still say yes to it."""
    waited_for = Q(status__in=UPCOMING) | Q(status__in=PENDING, hold_expires_at__gt=now)
    return Exists(Reservation.objects.filter(waited_for, seeker=OuterRef("pk"), ends_at__gt=now))


@before_ex_officio
def cancel_coming(person: Any, *, by: Any, message: str, now: datetime) -> None:
    coming = Reservation.objects.of_seeker(person).filter(status=ReservationStatus.CONFIRMED, starts_at__gt=now)
    for reservation in coming.lock():
        cancel_by_office(reservation, by=by, reason=message, now=now)
