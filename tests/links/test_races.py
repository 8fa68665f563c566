"""Two members of staff enter the same link for sessions that touch, at the same moment: one is told who has it."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from booking.errors import BookingError
from booking.flows.link import enter_link
from booking.models import OnlineMeeting, Reservation, Service
from tests.factories import NOW
from tests.links.conftest import ROOM, booked, link

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[str]:
    gate, refusals = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except BookingError as refusal:
            refusals.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


@pytest.mark.requirement("S-24")
@pytest.mark.parametrize("asks_first", [True, False], ids=["as it is", "twin: only the constraint"])
def test_one_gets_the_link(service: Service, monkeypatch: pytest.MonkeyPatch, asks_first: bool) -> None:
    rows = [booked(service, counselor=number) for number in range(3)]
    if not asks_first:
        monkeypatch.setattr("booking.flows.link._refuse_in_use", lambda *_args, **_more: None)

    def enter(reservation: Reservation) -> Callable[[], object]:
        return lambda: enter_link(reservation, link=link(), now=NOW)

    refusals = at_once(*(enter(row) for row in rows))

    assert refusals == ["link_in_use" if asks_first else "link_in_use_elsewhere"] * 2
    assert OnlineMeeting.objects.live().filter(join_url=ROOM).count() == 1


def test_the_last_room_of_the_pool_serves_one_of_those_who_book_at_once(service: Service, pool: Callable) -> None:
    pool()
    refusals = at_once(*(lambda number=number: booked(service, counselor=number) for number in range(3)))
    assert refusals == []
    assert sorted(OnlineMeeting.objects.live().values_list("state", flat=True)) == ["missing", "missing", "open"]
