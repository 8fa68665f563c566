"""Several workers, public bookers and late clicks at the same moment: each freed place goes to exactly one. With twins."""

import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial

import pytest
from celery import current_app
from django.db import connection

from booking.enums import OCCUPYING, MailKind, ReservationStatus, WaitingState
from booking.errors import BookingError
from booking.flows import offering
from booking.flows.cancel import cancel_by_seeker
from booking.flows.hold import hold
from booking.flows.lapse import lapse
from booking.flows.mail_link import confirm_by_link
from booking.flows.offering import offer_free_places
from booking.flows.waiting import decline, leave_line, take_offer
from booking.freed import OFFER_PLACES
from booking.models import Offer, Reservation, Service, WaitingEntry
from mailing.models import OutgoingMail
from tests.factories import NOW, SeekerFactory, jst
from tests.guards import no_guard_of_places
from tests.waiting.conftest import TEN, Join

pytestmark = pytest.mark.django_db(transaction=True)
S = ReservationStatus


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Everybody begins at the same moment; the codes of the refusals."""
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


def workers(service: Service, count: int) -> list[Callable[[], object]]:
    """Each with its own object of the service, like processes."""
    rows = [Service.objects.select_related("office").get(pk=service.pk) for _worker in range(count)]
    return [partial(offer_free_places, row, now=NOW) for row in rows]


def bookers(service: Service, count: int) -> list[Callable[[], object]]:
    people = [SeekerFactory.create() for _person in range(count)]
    rows = [Service.objects.select_related("office").get(pk=service.pk) for _person in people]
    return [
        partial(hold, service=row, starts_at=TEN, seeker=person, now=NOW)
        for row, person in zip(rows, people, strict=True)
    ]


def free_days(service: Service, *days: int) -> None:
    for reservation in Reservation.objects.filter(service=service, starts_at__in=[jst(6, day, 10) for day in days]):
        cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)


def occupied(**which: object) -> int:
    return Reservation.objects.filter(status__in=OCCUPYING, **which).count()


@pytest.mark.parametrize("_again", range(5))
def test_a_freed_place_goes_to_the_first_in_line_or_to_one_public_booker(
    service: Service, join: Join, _again: int
) -> None:
    line = [join(last_day=date(2026, 6, 2)) for _person in range(3)]
    free_days(service, 2)
    at_once(*workers(service, 3), *bookers(service, 3))
    assert occupied(starts_at=TEN) == 1
    place = Reservation.objects.get(starts_at=TEN, status__in=OCCUPYING)
    offered = list(WaitingEntry.objects.filter(state=WaitingState.OFFERED))
    assert offered == ([line[0]] if place.status == S.OFFERED else [])
    assert Offer.objects.count() == OutgoingMail.objects.filter(kind=MailKind.OFFER).count() == len(offered)


def test_four_workers_give_three_places_to_the_first_three(service: Service, join: Join) -> None:
    line = [join() for _person in range(5)]
    free_days(service, 2, 3, 4)
    at_once(*workers(service, 4))
    states = [WaitingEntry.objects.get(pk=entry.pk).state for entry in line]
    assert states == [WaitingState.OFFERED] * 3 + [WaitingState.WAITING] * 2
    places = Reservation.objects.filter(status=S.OFFERED)
    assert {place.seeker_id: place.starts_at.day for place in places} == {
        entry.seeker_id: day for entry, day in zip(line, (2, 3, 4), strict=False)
    }
    assert Offer.objects.count() == OutgoingMail.objects.filter(kind=MailKind.OFFER).count() == 3


@pytest.mark.parametrize("_again", range(3))
@pytest.mark.parametrize("answer", [take_offer, decline, leave_line])
def test_an_answer_in_the_last_second_and_the_sweeper(
    service: Service, join: Join, answer: Callable[..., object], _again: int
) -> None:
    """One of them wins; the place and the entry tell the same."""
    entry = join()
    free_days(service, 2)
    offer_free_places(service, now=NOW)
    entry.refresh_from_db()
    place, end = entry.reservation, NOW + timedelta(hours=2)
    assert place is not None
    at_once(partial(answer, entry, by=entry.seeker, now=end - timedelta(seconds=1)), lambda: lapse(place.pk, now=end))
    place.refresh_from_db()
    entry.refresh_from_db()
    waits_again = WaitingState.LEFT if answer is leave_line else WaitingState.WAITING
    if place.status == S.HELD:
        assert (entry.state, entry.reservation) == (WaitingState.OFFERED, place)
    else:
        assert place.status in (S.LAPSED, S.DECLINED)
        assert (entry.state, entry.reservation) == (waits_again, None)


def test_two_clicks_on_joining_make_one_entry(service: Service, join: Join) -> None:
    seeker = SeekerFactory.create()
    refusals = at_once(*[partial(join, seeker) for _click in range(3)])
    assert (WaitingEntry.objects.count(), refusals) == (1, ["already_waiting"] * 2)


def test_the_worker_that_is_called_exists() -> None:
    assert OFFER_PLACES in current_app.tasks


@pytest.fixture
def without_guards(monkeypatch: pytest.MonkeyPatch, service: Service) -> Iterator[None]:
    monkeypatch.setattr("booking.flows.place.has_room", lambda *_args, **_kwargs: True)
    with no_guard_of_places(monkeypatch):
        yield


@pytest.mark.usefixtures("without_guards")
def test_without_constraint_and_lock_the_place_is_given_more_than_once(service: Service, join: Join) -> None:
    join(last_day=date(2026, 6, 2))
    free_days(service, 2)
    at_once(*workers(service, 1), *bookers(service, 2))
    assert occupied(starts_at=TEN) > 1


def test_without_the_queue_on_the_person_one_is_offered_two_places(
    service: Service, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    join()
    free_days(service, 2, 3)
    looked = threading.Barrier(2)
    keep = offering._fitting

    def when_both_have_looked(*args: object) -> Iterator[object]:
        slots = list(keep(*args))
        looked.wait(10)
        yield from slots

    monkeypatch.setattr(offering, "lock_person", lambda _person: None)
    monkeypatch.setattr(offering, "_fitting", when_both_have_looked)
    at_once(*workers(service, 2))
    assert occupied(status=S.OFFERED) == 2


def confirm_while_a_place_is_offered(service: Service, join: Join, monkeypatch: pytest.MonkeyPatch) -> WaitingEntry:
    """The worker has read the entry; then the person uses the link in a mail about another day of the same service."""
    entry = join()
    free_days(service, 2)
    asked = Reservation.objects.get(service=service, starts_at=jst(6, 3, 10))
    asked.status, asked.seeker, asked.hold_expires_at = S.AWAITING_LINK, entry.seeker, NOW + timedelta(hours=1)
    asked.save()
    looked, answered, keep = threading.Event(), threading.Event(), offering._fitting

    def when_the_link_was_used(*args: object) -> Iterator[object]:
        slots = list(keep(*args))
        looked.set()
        answered.wait(1)
        yield from slots

    def use_the_link() -> None:
        looked.wait(10)
        confirm_by_link(asked, now=NOW)
        answered.set()

    monkeypatch.setattr(offering, "_fitting", when_the_link_was_used)
    at_once(*workers(service, 1), use_the_link)
    asked.refresh_from_db()
    entry.refresh_from_db()
    assert asked.status == S.CONFIRMED
    return entry


def test_who_confirms_another_day_in_the_same_second_keeps_no_offer(
    service: Service, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert confirm_while_a_place_is_offered(service, join, monkeypatch).state == WaitingState.ENDED
    assert occupied(status=S.OFFERED) == 0


def test_without_the_queue_on_the_person_the_offer_would_stand(
    service: Service, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.flows.mail_link.lock_person", lambda _person: None)
    assert confirm_while_a_place_is_offered(service, join, monkeypatch).state == WaitingState.OFFERED
    assert occupied(status=S.OFFERED) == 1
