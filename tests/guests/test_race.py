"""Two guests for one place, and one guest in two browsers, on real PostgreSQL; and the twin that shows what holds."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from booking.enums import OCCUPYING, ReservationStatus
from booking.errors import BookingError, SlotTaken
from booking.flows.mail_link import confirm_by_link
from booking.models import Guest, OnlineMeeting, Reservation, Service
from tests.factories import NOW, slots_of
from tests.guests.conftest import link_service, request
from tests.races.test_last_place import without_guards

__all__ = ["without_guards"]
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """What each answers, or the refusal it raises."""
    gate, answers = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], object]) -> None:
        try:
            gate.wait(30)
            answers.append(job())
        except BookingError as refused:
            answers.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def rush(service: Service, *addresses: str) -> list[object]:
    now = NOW
    start = slots_of(service, now=now)[0].starts_at
    return at_once(*(lambda who=who: request(service, who=who, starts_at=start, now=now) for who in addresses))


def test_of_many_guests_one_gets_the_last_place() -> None:
    answers = rush(link_service(), *(f"guest{number}@mail.example" for number in range(8)))
    assert sum(isinstance(answer, Reservation) for answer in answers) == 1
    assert sum(isinstance(answer, SlotTaken) for answer in answers) == 7
    assert Reservation.objects.filter(status__in=OCCUPYING).count() == 1


@pytest.mark.usefixtures("without_guards")
def test_without_constraint_and_lock_the_last_place_is_kept_for_several() -> None:
    rush(link_service(), *(f"guest{number}@mail.example" for number in range(4)))
    assert Reservation.objects.filter(status__in=OCCUPYING).count() > 1


def test_one_address_in_two_browsers_is_one_guest_with_one_request() -> None:
    answers = rush(link_service(counselors=2), *["same@mail.example"] * 4)
    assert Guest.objects.count() == 1
    assert sorted(getattr(answer, "code", "made") for answer in answers) == ["link_open"] * 3 + ["made"]
    assert Reservation.objects.filter(status=ReservationStatus.AWAITING_LINK).count() == 1


def test_pressing_the_button_twice_at_once_makes_one_meeting() -> None:
    service, now = link_service(), NOW
    asked = request(service, starts_at=slots_of(service, now=now)[0].starts_at, now=now)
    answers = at_once(*[lambda: confirm_by_link(asked, now=now)] * 4)
    assert {getattr(answer, "status", None) for answer in answers} == {ReservationStatus.CONFIRMED}
    assert OnlineMeeting.objects.count() == 1
