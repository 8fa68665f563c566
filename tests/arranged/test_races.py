"""Two answer at the same moment: one of them is told that it is settled, and nothing is half done."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from booking.clock import day_of
from booking.enums import OCCUPYING, BookingWay, RequestState, ReservationStatus
from booking.errors import BookingError
from booking.flows.arrange import (
    Wishes,
    accept_proposal,
    accept_wish,
    propose,
    refuse_request,
    request_session,
    withdraw_request,
)
from booking.flows.cancel import cancel_by_office
from booking.flows.lapse import lapse
from booking.models import Counselor, Reservation, SessionRequest
from tests.arranged.conftest import DETAILS
from tests.factories import NOW, SeekerFactory, UserFactory, bookable_service, slots_of

pytestmark = pytest.mark.django_db(transaction=True)
SETTLED = {"request_settled", "proposal_expired", "proposal_replaced", "wrong_status"}


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Each in a thread and a connection of its own; the results, or the codes of the refusals."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(position: int) -> None:
        gate.wait()
        try:
            results[position] = acts[position]()
        except BookingError as refused:
            results[position] = refused.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def office():
    return bookable_service(counselors=2, way=BookingWay.ARRANGED)


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


@pytest.fixture
def asked(office) -> SessionRequest:
    now = NOW
    days = [slot.starts_at for slot in slots_of(office, now=now) if day_of(slot.starts_at) != day_of(now)]
    wishes = Wishes(starts=[days[0], days[5]])
    return request_session(service=office, seeker=SeekerFactory(), wishes=wishes, details=DETAILS, now=now)


def counselors_of(asked: SessionRequest) -> list[Counselor]:
    return list(asked.service.counselors.order_by("pk"))


def codes(results: list[Any]) -> list[str]:
    return [result for result in results if isinstance(result, str)]


def fresh(asked: SessionRequest) -> SessionRequest:
    return SessionRequest.objects.get(pk=asked.pk)


def taken() -> int:
    return Reservation.objects.filter(status__in=OCCUPYING).count()


@pytest.mark.parametrize("_again", range(3))
@pytest.mark.requirement("H-25")
def test_two_staff_accept_different_wishes_and_one_stands(asked, staff, _again):
    now, (first, second) = NOW, counselors_of(asked)
    results = at_once(
        lambda: accept_wish(fresh(asked), starts_at=asked.wishes[0], counselor=first, by=staff, now=now),
        lambda: accept_wish(fresh(asked), starts_at=asked.wishes[1], counselor=second, by=staff, now=now),
    )
    assert codes(results) == ["request_settled"]
    assert taken() == 1
    assert fresh(asked).state == RequestState.ACCEPTED


def test_one_accepts_and_one_refuses(asked, staff):
    now, (first, _second) = NOW, counselors_of(asked)
    results = at_once(
        lambda: accept_wish(fresh(asked), starts_at=asked.wishes[0], counselor=first, by=staff, now=now),
        lambda: refuse_request(fresh(asked), by=staff, reason="x", now=now),
    )
    assert codes(results) == ["request_settled"]
    assert taken() == (fresh(asked).state == RequestState.ACCEPTED)


@pytest.mark.parametrize("_again", range(3))
def test_two_propose_and_one_place_is_kept(asked, staff, _again):
    now, (first, second) = NOW, counselors_of(asked)
    results = at_once(
        lambda: propose(fresh(asked), starts_at=asked.wishes[0], counselor=first, by=staff, now=now),
        lambda: propose(fresh(asked), starts_at=asked.wishes[1], counselor=second, by=staff, now=now),
    )
    assert codes(results) == []
    assert taken() == 1
    kept = fresh(asked).reservation
    assert kept is not None
    assert kept.status == ReservationStatus.PROPOSED


@pytest.fixture
def proposed(asked, staff) -> SessionRequest:
    counselor = counselors_of(asked)[0]
    propose(asked, starts_at=asked.wishes[0], counselor=counselor, by=staff, now=NOW)
    return fresh(asked)


def yes(proposed: SessionRequest, now: Any) -> Callable[[], Any]:
    number = proposed.reservation.number
    return lambda: accept_proposal(fresh(proposed), number=number, by=proposed.seeker, now=now)


def consistent(asked: SessionRequest) -> bool:
    """The state says whether a place is taken."""
    found = fresh(asked)
    place = found.reservation.status if found.reservation else None
    expected = {
        RequestState.ACCEPTED: ReservationStatus.CONFIRMED,
        RequestState.PROPOSED: ReservationStatus.PROPOSED,
        RequestState.LAPSED: ReservationStatus.LAPSED,
    }
    return place == expected.get(RequestState(found.state), place) and taken() == (found.state in list(expected)[:2])


@pytest.mark.parametrize("_again", range(3))
def test_the_yes_meets_the_office_that_takes_it_back(proposed, staff, _again):
    now, second = NOW, counselors_of(proposed)[1]
    results = at_once(
        yes(proposed, now),
        lambda: propose(fresh(proposed), starts_at=proposed.wishes[1], counselor=second, by=staff, now=now),
    )
    assert len(codes(results)) == 1
    assert set(codes(results)) <= SETTLED
    assert consistent(proposed)


@pytest.mark.parametrize("_again", range(3))
def test_the_yes_meets_the_lapse(proposed, _again):
    place = proposed.reservation
    results = at_once(yes(proposed, NOW), lambda: lapse(place.pk, now=place.hold_expires_at))
    assert set(codes(results)) <= SETTLED
    assert results[1] is (not isinstance(results[0], Reservation))
    assert consistent(proposed)


def test_the_yes_meets_a_cancellation_on_the_day_list(proposed, staff):
    place, now = proposed.reservation, NOW
    results = at_once(yes(proposed, now), lambda: cancel_by_office(place, by=staff, reason="x", now=now))
    assert set(codes(results)) <= SETTLED
    assert taken() == 0


def test_the_yes_meets_the_withdrawal_in_another_tab(proposed):
    now = NOW
    results = at_once(yes(proposed, now), lambda: withdraw_request(fresh(proposed), by=proposed.seeker, now=now))
    assert codes(results) == ["request_settled"]
    assert consistent(proposed)


def test_asking_twice_at_once_is_asking_once(office):
    seeker, now = SeekerFactory(), NOW
    start = slots_of(office, now=now)[-1].starts_at
    wishes = Wishes(starts=[start])
    ask = lambda: request_session(service=office, seeker=seeker, wishes=wishes, details=DETAILS, now=now)  # noqa: E731
    assert codes(at_once(ask, ask)) == ["request_open"]
    assert SessionRequest.objects.count() == 1
