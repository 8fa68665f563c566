"""A counselor will be away: true at once, also for those who are choosing this very time."""

from datetime import datetime
from typing import Any

from django.db import transaction

from booking.enums import Action
from booking.models import Absence, Counselor, Reservation
from booking.transitions import apply


def save_absence(absence: Absence, *, by: Any, now: datetime) -> None:
    """Save it and end the holds on that time; reservations stay for the caller to warn of.

    Queues on the counselor's row like hold(), which looks for absences there: neither misses the other. Whoever is
    reserving keeps the reservation, whoever comes after reads that the time was just taken.
    """
    with transaction.atomic():
        Counselor.objects.lock().get(pk=absence.counselor_id)
        absence.save()
        holds = Reservation.objects.lock().holds().filter(counselor=absence.counselor_id)
        for held in holds.touching(absence.starts_at, absence.ends_at).order_by("pk"):
            apply(held, Action.EXPIRE, actor=by, now=now)
