"""A person deletes the account: what booking does with the reservations (J-13)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import ngettext

from accounts.deletion import Notice, before_deletion, on_deletion
from booking.enums import Action, ReservationStatus
from booking.flows.cancel import withdraw
from booking.models import Reservation
from booking.models.reservation import ReservationQuerySet
from booking.transitions import apply


@before_deletion
def announce(person: Any, *, now: datetime) -> Iterable[Notice]:
    """Who deletes the account is told that the coming reservations end with it."""
    count = _coming(person, now).count()
    if count:
        text = ngettext(
            "これからの予約が%(count)d件あります。アカウントを削除すると、この予約も取り消されます。",
            "これからの予約が%(count)d件あります。アカウントを削除すると、これらの予約も取り消されます。",
            count,
        )
        yield Notice(text % {"count": count})


@on_deletion
def leave(person: Any, *, now: datetime) -> None:
    """Cancel what is coming, whatever the cut-off; strip all reservations of what tells who it was.

    Date, office, service and status stay for the statistics.
    """
    with transaction.atomic():
        for held in Reservation.objects.lock().of_seeker(person).holds():
            apply(held, Action.RELEASE, actor=person, now=now)
        for reservation in _coming(person, now).lock().with_facts():
            withdraw(reservation, by=person, now=now)
        Reservation.objects.of_seeker(person).strip_personal_data()


def _coming(person: Any, now: datetime) -> ReservationQuerySet:
    return Reservation.objects.of_seeker(person).filter(status=ReservationStatus.CONFIRMED, starts_at__gt=now)
