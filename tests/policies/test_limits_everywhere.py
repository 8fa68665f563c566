"""Limits of a person and of a counselor: through the flow, through HTTP, and for two requests at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from booking.availability import Search, slot_at
from booking.enums import OCCUPYING, BookingWay, LimitScope, ReservationStatus
from booking.errors import BookingError
from booking.flows.hold import hold
from booking.flows.mail_link import request_by_link
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import Reservation, Service
from tests.factories import NOW, ReservationFactory, SeekerFactory, bookable_service, change_rules, jst
from tests.seeker.conftest import Way

pytestmark = pytest.mark.requirement("S-12")
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")

LIMITS = [
    pytest.param({"most_coming": 2}, jst(6, 15, 10), "too_many_coming", {"most_coming": 3}, id="coming"),
    pytest.param({"most_per_week": 2}, jst(6, 12, 10), "too_many_in_week", {"most_per_week": 3}, id="week"),
    pytest.param({"most_per_month": 2}, jst(6, 30, 10), "too_many_in_month", {"most_per_month": 3}, id="month"),
    pytest.param({"days_between": 7}, jst(6, 16, 10), "too_close", {"days_between": 6}, id="distance"),
    pytest.param({"days_between": 1}, jst(6, 10, 15), "twice_a_day", {}, id="twice a day"),
]


def booked(service: Service, person: Any) -> None:
    """Monday 8 and Wednesday 10 June."""
    for day in (8, 10):
        counselor = service.counselors.last()
        ReservationFactory.create(service=service, counselor=counselor, seeker=person, starts_at=jst(6, day, 9))


def code_of(act: Callable[[], Any]) -> str:
    try:
        act()
    except BookingError as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(("rules", "starts_at", "code", "one_more"), LIMITS)
def test_the_flow_keeps_the_limit_and_allows_what_is_below(service, seeker, rules, starts_at, code, one_more) -> None:
    booked(service, seeker)
    wish = {"service": service, "starts_at": starts_at, "seeker": seeker, "now": NOW}
    change_rules(service, **rules)
    assert code_of(lambda: hold(**wish)) == code
    assert code_of(lambda: hold(**{**wish, "seeker": SeekerFactory.create()})) == ""


@pytest.mark.parametrize(("rules", "starts_at", "code", "one_more"), LIMITS)
def test_by_http_the_limit_is_told_and_nothing_is_held(way: Way, seeker, rules, starts_at, code, one_more) -> None:
    booked(way.service, seeker)
    change_rules(way.service, **rules)
    with pytest.raises(BookingError) as refused:
        hold(service=way.service, starts_at=starts_at, seeker=seeker, now=NOW)
    answer = way.client.get(way.choose(starts_at).url).content.decode()
    assert not Reservation.objects.holds().exists()
    assert (refused.value.code, refused.value.message in answer) == (code, True)


@pytest.mark.parametrize(("rules", "starts_at", "code", "one_more"), LIMITS)
def test_by_http_one_more_is_allowed_when_the_limit_is_one_higher(
    way: Way, seeker, rules, starts_at, code, one_more
) -> None:
    booked(way.service, seeker)
    change_rules(way.service, **one_more)
    way.choose(starts_at)
    assert Reservation.objects.holds().get().starts_at == starts_at


@pytest.mark.parametrize(
    ("scope", "code"), [(LimitScope.SERVICE, ""), (LimitScope.OFFICE, "too_many_coming")], ids=["service", "office"]
)
def test_the_scope_is_the_service_or_the_whole_office(service, seeker, scope: LimitScope, code: str) -> None:
    change_rules(service, most_coming=1, limit_scope=scope)
    other = bookable_service(office=service.office)
    elsewhere = bookable_service()
    for row in (other, elsewhere):
        ReservationFactory.create(
            service=row, counselor=row.counselors.get(), seeker=seeker, starts_at=jst(6, 3 + row.pk % 2, 9)
        )
        told = code_of(lambda: hold(service=service, starts_at=jst(6, 9, 10), seeker=seeker, now=NOW))
        assert told == code
    Reservation.objects.filter(service=other).delete()
    assert code_of(lambda: hold(service=service, starts_at=jst(6, 9, 10), seeker=seeker, now=NOW)) == ""


def test_a_hold_does_not_get_past_a_limit_that_was_reached_meanwhile(way: Way, seeker) -> None:
    """Held with one place left; then staff enter another session; then the held one is to be booked."""
    change_rules(way.service, most_coming=1)
    held = way.hold(jst(6, 9, 10))
    way.type(held)
    ReservationFactory.create(service=way.service, counselor=way.service.counselors.last(), seeker=seeker)
    way.confirm(held)
    held.refresh_from_db()
    assert held.status == ReservationStatus.HELD
    assert code_of(lambda: reserve(held, details=DETAILS, now=NOW)) == "too_many_coming"


# --- Of a counselor ---


@pytest.mark.parametrize(("most", "is_offered"), [(1, False), (2, True)])
def test_most_sessions_of_a_counselor_a_day(way: Way, most: int, is_offered: bool) -> None:
    change_rules(way.service, most_sessions_a_day=most)
    for counselor in way.service.counselors.all():
        ReservationFactory.create(service=way.service, counselor=counselor, starts_at=jst(6, 3, 9))
    page = way.client.get(way.url("times")).content.decode()
    assert ("2026-06-03T15:00" in page) is is_offered
    assert "2026-06-04T15:00" in page
    way.choose(jst(6, 3, 15))
    assert Reservation.objects.holds().exists() is is_offered


@pytest.mark.parametrize(
    ("hour", "minute", "is_offered"), [(10, 30, False), (11, 0, True), (8, 30, False), (9, 0, True)]
)
def test_time_between_two_sessions_of_a_counselor(way: Way, hour: int, minute: int, is_offered: bool) -> None:
    """10:00 to 10:30 is taken: with 30 minutes between, 9:00 and 11:00 are the next ones."""
    change_rules(way.service, gap_minutes=30)
    for counselor in way.service.counselors.all():
        ReservationFactory.create(service=way.service, counselor=counselor, starts_at=jst(6, 3, 10))
    start = jst(6, 3, hour, minute)
    page = way.client.get(way.url("times")).content.decode()
    assert (start.isoformat(timespec="minutes") in page) is is_offered
    way.choose(start)
    assert Reservation.objects.holds().exists() is is_offered


# --- At once ---


def two_services() -> list[Service]:
    """Of one office, booked by mail link, with one coming reservation for the whole office."""
    rules = {"way": BookingWay.MAIL_LINK, "most_coming": 1, "limit_scope": LimitScope.OFFICE}
    first = bookable_service(**rules)
    return [first, bookable_service(office=first.office, **rules)]


def ask_at_once(services: list[Service]) -> list[str]:
    """The same person, two browsers, two services, at the same moment."""
    person = SeekerFactory.create()
    codes: list[str] = []
    gate = threading.Barrier(len(services))

    def ask(service: Service, hour: int) -> None:
        gate.wait()
        try:
            codes.append(
                code_of(
                    lambda: request_by_link(
                        person,
                        service=service,
                        starts_at=jst(6, 9, hour),
                        details=DETAILS,
                        agree=lambda _person: None,
                        now=NOW,
                    )
                )
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(service, 10 + place)) for place, service in enumerate(services)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == len(services), "a request ended in an error"
    return sorted(codes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_two_requests_at_once_never_exceed_the_limit(freeze: Any, round_number: int) -> None:
    freeze(NOW)
    assert ask_at_once(two_services()) == ["", "too_many_coming"]
    assert Reservation.objects.filter(status__in=OCCUPYING).count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_of_the_person_they_would(freeze: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    freeze(NOW)
    looked = threading.Barrier(2)

    def slot_when_both_have_looked(search: Search, starts_at: Any) -> Any:
        looked.wait(timeout=20)
        return slot_at(search, starts_at)

    monkeypatch.setattr("booking.flows.mail_link.lock_person", lambda person: None)
    monkeypatch.setattr("booking.flows.place.slot_at", slot_when_both_have_looked)
    assert ask_at_once(two_services()) == ["", ""]
    assert Reservation.objects.filter(status__in=OCCUPYING).count() == 2
