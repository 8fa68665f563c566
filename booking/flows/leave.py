"""A person deletes the account: what booking does with the reservations (J-13)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.deletion import Notice, before_deletion, on_deletion
from booking.clock import day_of
from booking.enums import Action, ReservationStatus
from booking.flows.arrange import withdraw_all
from booking.flows.cancel import withdraw
from booking.flows.waiting import leave_all_lines
from booking.models import Guest, Reservation, Restriction, SessionRequest
from booking.models.reservation import ReservationQuerySet
from booking.models.restriction import RestrictionQuerySet
from booking.transitions import apply

ASKED_FOR = (ReservationStatus.AWAITING_LINK, ReservationStatus.AWAITING_REPLY)
"""Else a link in an old mail would make a reservation of somebody who is gone."""


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
    if _restrictions(person, now).exists():
        yield Notice(_("利用制限が終わるまで、メールアドレスだけを残します。終わると、これも消します。"))


@on_deletion
def leave(person: Any, *, now: datetime) -> None:
    """Cancel what is coming, whatever the cut-off; strip all reservations of what tells who it was.

    Date, office, service and status stay for the statistics.
    """
    with transaction.atomic():
        leave_all_lines(person, now=now)
        withdraw_all(person, now=now)
        _keep_restrictions(person, now=now)
        for held in Reservation.objects.lock().of_seeker(person).holds():
            apply(held, Action.RELEASE, actor=person, now=now)
        for asked in Reservation.objects.lock().of_seeker(person).filter(status__in=ASKED_FOR):
            apply(asked, Action.CANCEL_BY_SEEKER, actor=person, now=now)
        for reservation in _coming(person, now).lock().with_facts():
            withdraw(reservation, by=person, now=now)
        Reservation.objects.of_seeker(person).strip_personal_data()
        SessionRequest.objects.filter(seeker=person).strip_personal_data()


def _keep_restrictions(person: Any, *, now: datetime) -> None:
    """Else whoever is restricted deletes the account and registers anew. The guest goes when the restriction is over."""
    own = _restrictions(person, now)
    if own.exists():
        own.update(seeker=None, guest=Guest.objects.get_or_create(email=person.email.lower())[0])


def _restrictions(person: Any, now: datetime) -> RestrictionQuerySet:
    return Restriction.objects.in_force(day_of(now)).filter(seeker=person)


def _coming(person: Any, now: datetime) -> ReservationQuerySet:
    return Reservation.objects.of_seeker(person).filter(status=ReservationStatus.CONFIRMED, starts_at__gt=now)
