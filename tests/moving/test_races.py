"""Two people move to the last free time at the same moment: one gets it, the other keeps what they had."""

import threading

import pytest
from django.db import connection

from booking.errors import BookingError
from booking.flows.move import move
from booking.models import Reservation
from tests.factories import NOW, bookable_service, slots_of
from tests.moving.conftest import booked


@pytest.mark.django_db(transaction=True)
def test_one_gets_the_place_and_the_other_keeps_the_old_one() -> None:
    service = bookable_service(counselors=2)
    now = NOW
    first, second, third = [slot.starts_at for slot in slots_of(service, now=now)][:3]
    one, two = booked(service, starts_at=first), booked(service, starts_at=second)
    booked(service, starts_at=third, counselor=service.counselors.order_by("pk")[1])
    gate, refusals = threading.Barrier(2), []

    def press(reservation: Reservation) -> None:
        gate.wait()
        try:
            move(reservation, starts_at=third, by=reservation.seeker, now=now)
        except BookingError as refusal:
            refusals.append((reservation.pk, refusal.code))
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[row]) for row in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((loser, code),) = refusals
    assert code == "slot_taken"
    starts = dict(Reservation.objects.filter(pk__in=[one.pk, two.pk]).values_list("pk", "starts_at"))
    assert starts.pop(loser) in (first, second)
    assert list(starts.values()) == [third]
