"""A person deletes the account: what booking does with the reservations (J-13)."""

from datetime import datetime
from typing import Any

from django.db import transaction

from booking.enums import Action, ReservationStatus
from booking.flows.cancel import withdraw
from booking.models import Reservation
from booking.transitions import apply


def leave(person: Any, *, now: datetime) -> None:
    """Cancel what is coming, whatever the cut-off; strip all reservations of what tells who it was.

    Date, office, service and status stay for the statistics.
    """
    with transaction.atomic():
        own = Reservation.objects.lock().of_seeker(person)
        for held in own.holds():
            apply(held, Action.RELEASE, actor=person, now=now)
        coming = own.filter(status=ReservationStatus.CONFIRMED, starts_at__gt=now)
        for reservation in coming.select_related("service", "office", "counselor", "seeker"):
            withdraw(reservation, by=person, now=now)
        Reservation.objects.of_seeker(person).strip_personal_data()
