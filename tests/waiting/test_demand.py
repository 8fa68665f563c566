"""Unmet demand: counted without names, once a day for each visitor, and told to the staff of the office."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.demand import KEPT_SECONDS, write_down_demand
from booking.models import Service, UnmetDemand
from booking.periodic import count_unmet_demand
from booking.views.demand import tables_of
from tests.factories import NOW, ServiceFactory, bookable_service, jst
from tests.staff.conftest import World, client_of, world
from tests.waiting.conftest import Join

__all__ = ["client_of", "world"]
pytestmark = pytest.mark.usefixtures("now")
Kind = UnmetDemand.Kind


@pytest.fixture
def full(db) -> Service:
    """Nobody offers it."""
    return ServiceFactory.create()


def look(service: Service, address: str = "192.0.2.1", **query: Any) -> None:
    answer = Client(REMOTE_ADDR=address).get(reverse("booking:times", args=[service.pk]), query)
    assert answer.status_code == 200


def counted(service: Service) -> dict[tuple[date, str], int]:
    count_unmet_demand()
    rows = UnmetDemand.objects.filter(service=service)
    return {(row.day, row.kind): row.count for row in rows}


MONDAY = (date(2026, 6, 1), Kind.FOUND_NOTHING)


def test_looking_writes_no_row(full: Service) -> None:
    look(full)
    assert not UnmetDemand.objects.exists()


def test_each_visitor_counts_once_a_day(full: Service, freeze: Callable[..., Any]) -> None:
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"):
        look(full, address)
    assert counted(full) == {MONDAY: 3}
    freeze(NOW + timedelta(days=1))
    look(full)
    assert counted(full) == {MONDAY: 3, (date(2026, 6, 2), Kind.FOUND_NOTHING): 1}


def test_a_page_with_times_counts_nothing(db) -> None:
    service = bookable_service()
    look(service)
    assert counted(service) == {}


def test_who_looks_for_one_counselor_may_still_find_another(db) -> None:
    service = bookable_service(counselors=2)
    look(service, counselor=service.counselors.first().pk)
    assert counted(service) == {}


def test_writing_down_twice_counts_once(full: Service) -> None:
    look(full)
    assert counted(full) == counted(full) == {MONDAY: 1}
    look(full, "192.0.2.9")
    assert counted(full) == {MONDAY: 2}


def test_the_number_of_yesterday_is_written_down_after_midnight(full: Service) -> None:
    look(full)
    assert write_down_demand(now=jst(6, 2, 0, 5)) == 1
    assert UnmetDemand.objects.get().day == date(2026, 6, 1)
    assert timedelta(seconds=KEPT_SECONDS) > timedelta(days=2)


def test_without_redis_the_page_is_shown_and_nothing_counted(full: Service, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    look(full)
    assert counted(full) == {}


def test_nothing_in_redis_tells_who_looked(full: Service, redis: Any) -> None:
    look(full, "192.0.2.77")
    assert not any(b"192.0.2" in key for key in redis.keys("*"))


def test_the_office_sees_its_numbers(world: World, client_of: Any) -> None:
    service = world.reservation.service
    rows = [(date(2026, 6, 1), Kind.FOUND_NOTHING, 4), (date(2026, 5, 31), Kind.FOUND_NOTHING, 2)]
    rows += [(date(2026, 5, 25), Kind.WAITING, 3), (date(2026, 5, 25), Kind.FOUND_NOTHING, 1)]
    for day, kind, count in rows:
        UnmetDemand.objects.create(service=service, day=day, kind=kind, count=count)
    UnmetDemand.objects.create(
        service=world.foreign_reservation.service, day=date(2026, 6, 1), kind=Kind.WAITING, count=99
    )
    page = client_of(world.reception).get(reverse("admin:demand"))
    (table,) = page.context["tables"]
    lines = {line.first_day: (line.found_nothing, line.waiting) for line in table["lines"]}
    assert (len(lines), lines[date(2026, 6, 1)], lines[date(2026, 5, 25)]) == (12, (4, 0), (3, 3))
    page = client_of(world.manager).get(reverse("admin:demand"), {"by": "day"})
    days = {line.first_day: line.found_nothing for line in page.context["tables"][0]["lines"]}
    assert (len(days), days[date(2026, 6, 1)], days[date(2026, 5, 31)]) == (28, 4, 2)
    assert reverse("admin:demand") in page.content.decode()


def test_the_office_sees_how_many_wait_now(service: Service, join: Join) -> None:
    join()
    join()
    assert [table["in_line"] for table in tables_of(service.office, by="week", last_day=date(2026, 6, 1))] == [2]


def test_the_page_of_another_office_does_not_exist(world: World, client_of: Any) -> None:
    answer = client_of(world.manager).get(reverse("admin:demand"), {"office": world.foreign_office.number})
    assert answer.status_code == 404


@pytest.mark.parametrize("query", [{"by": "year"}, {"until": "x"}, {"until": "2199-01-01"}, {"until": "2000-01-01"}])
def test_a_strange_address_shows_something(world: World, client_of: Any, query: dict[str, str]) -> None:
    assert client_of(world.counselor).get(reverse("admin:demand"), query).status_code == 200
