"""A place is free again: who was offered it waits again, and a worker asks who in line it fits.

The call is by name, because the task runs a flow and flows end places. It is only a wake-up call: a sweeper looks at every
line each minute, also for what frees time without ending a place (an absence removed, a new opening window).
"""

from functools import partial

from celery import signature
from django.db import transaction

from booking.enums import Origin
from booking.models import Reservation, WaitingEntry
from mailing.wake_up import call_worker

OFFER_PLACES = "booking.periodic.offer_places_of_office"


def place_freed(reservation: Reservation) -> None:
    """Call it with the row locked, in the transaction that ends or moves it. Nobody in line costs one small query."""
    if reservation.origin == Origin.WAITING_LIST:
        WaitingEntry.objects.back_in_line(reservation)
    transaction.on_commit(partial(_call_for_offers, reservation.office_id))


def _call_for_offers(office_id: int) -> None:
    if WaitingEntry.objects.waiting().filter(service__office=office_id).exists():
        call_worker(signature(OFFER_PLACES), office_id)
