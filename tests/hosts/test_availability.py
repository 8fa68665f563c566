"""Availability knows when the hosts are used up, and asks about them only where counselors share them."""

import random
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking import hosts
from booking.availability import Search, free_slots
from booking.errors import SlotTaken
from booking.models import Service
from booking.rules.slots import subtract
from tests.factories import (
    NOW,
    CounselorFactory,
    MeetingHostFactory,
    ReservationFactory,
    bookable_service,
    change_rules,
    jst,
    slots_of,
)
from tests.hosts.conftest import TEN, held, in_use, pool, sharing

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 6, 2)
HALF = timedelta(minutes=30)


def places(service: Service) -> dict[str, int]:
    slots = slots_of(service, now=NOW, first_day=TUESDAY, last_day=TUESDAY)
    return {f"{slot.starts_at.astimezone(NOW.tzinfo):%H:%M}": slot.places for slot in slots}


def queries_of(service: Service) -> int:
    with CaptureQueriesContext(connection) as queries:
        free_slots(Search(service=Service.objects.select_related("office").get(pk=service.pk), now=NOW))
    return len(queries)


def test_two_counselors_with_one_free_host_can_both_be_chosen(service: Service) -> None:
    """One of them will get it: the number of places counts counselors, the host is taken with the first."""
    sharing(service, counselors=2)
    pool(service, "a@zoom.example")
    assert places(service)["10:00"] == 2


def test_where_the_last_host_is_in_use_nobody_who_shares_is_offered(service: Service) -> None:
    sharing(service, counselors=2)
    [host] = pool(service, "a@zoom.example")
    in_use(host, service)
    assert "10:00" not in places(service)
    assert places(service)["10:30"] == 2


def test_who_has_an_own_host_still_is(service: Service) -> None:
    sharing(service)
    own = CounselorFactory.create(office=service.office, services=[service])
    [host] = pool(service, "a@zoom.example")
    in_use(host, service)
    [slot] = [slot for slot in slots_of(service, now=NOW, first_day=TUESDAY) if slot.starts_at == TEN]
    assert slot.counselor_ids == (own.pk,)


def test_without_any_host_nothing_is_offered(service: Service) -> None:
    sharing(service)
    assert places(service) == {}


def test_the_buffer_is_kept_after_and_before(service: Service) -> None:
    change_rules(service, step_minutes=10)
    sharing(service)
    [host] = pool(service, "a@zoom.example", buffer_minutes=20)
    in_use(host, service)
    starts = places(service)
    assert "10:50" in starts
    assert "10:40" not in starts
    assert "09:10" in starts
    assert "09:20" not in starts


def test_the_buffer_of_an_own_host_is_kept_too(service: Service) -> None:
    own = MeetingHostFactory.create(office=service.office, buffer_minutes=10)
    counselor = CounselorFactory.create(office=service.office, services=[service], meeting_host=own)
    ReservationFactory.create(service=service, counselor=counselor, host_until=TEN + HALF + timedelta(minutes=10))
    starts = places(service)
    assert not {"09:30", "10:00", "10:30"} & starts.keys()
    assert {"09:00", "11:00"} <= starts.keys()


def test_a_session_that_is_moved_does_not_need_a_second_host(service: Service) -> None:
    [counselor] = sharing(service)
    [host] = pool(service, "a@zoom.example", buffer_minutes=20)
    until = TEN + HALF + host.buffer
    reservation = ReservationFactory.create(service=service, counselor=counselor, meeting_host=host, host_until=until)
    search = Search(service=service, now=NOW, person=reservation.seeker, moving=reservation)
    assert TEN + HALF in {slot.starts_at for slot in free_slots(search, first_day=TUESDAY, last_day=TUESDAY)}


def test_with_own_hosts_there_is_no_further_query_and_with_a_pool_exactly_one() -> None:
    own, shared = bookable_service(counselors=2), bookable_service(counselors=0)
    sharing(shared, counselors=2)
    pool(shared, "a@zoom.example")
    before = queries_of(own)
    assert queries_of(shared) == before + 1


def test_the_number_of_queries_does_not_grow_with_hosts_and_sessions(service: Service) -> None:
    sharing(service)
    [host] = pool(service, "a@zoom.example")
    few = queries_of(service)
    sharing(service, counselors=5)
    pool(service, *(f"b{n}@zoom.example" for n in range(5)))
    for hour in (9, 10, 11, 12):
        in_use(host, service, starts_at=jst(6, 3, hour))
    assert queries_of(service) == few


@pytest.mark.parametrize("seed", range(6))
def test_every_slot_offered_can_be_had_and_every_other_one_cannot(service: Service, seed: int) -> None:
    """Random uses of random hosts: what is offered on a day is exactly what the booking then grants."""
    dice = random.Random(seed)
    change_rules(service, step_minutes=10)
    sharing(service)
    shared = pool(service, "a@zoom.example", "b@zoom.example")
    for host in shared:
        host.buffer_minutes = dice.choice([0, 10, 20])
        host.save(update_fields=["buffer_minutes"])
        start = jst(6, 2, 9)
        while start < jst(6, 2, 16):
            if dice.random() < 0.7:
                in_use(host, service, starts_at=start)
            start += HALF + host.buffer + timedelta(minutes=10 * dice.randrange(4))
    offered = set(places(service))
    asked = dice.sample([jst(6, 2, 9) + n * timedelta(minutes=10) for n in range(46)], 12)
    for start in asked:
        name = f"{start:%H:%M}"
        if name in offered:
            reservation = held(service, start)
            reservation.status = "released"
            reservation.save(update_fields=["status"])
        else:
            with pytest.raises(SlotTaken):
                held(service, start)


def test_without_looking_at_the_hosts_the_time_would_be_offered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what the list of hosts keeps off the page."""
    sharing(service)
    [host] = pool(service, "a@zoom.example")
    in_use(host, service)
    monkeypatch.setattr(hosts, "subtract", lambda free, _busy: subtract(free, []))
    assert "10:00" in places(service)
    with pytest.raises(SlotTaken):
        held(service)
