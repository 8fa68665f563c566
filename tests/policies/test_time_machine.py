"""What could this person book at this moment? The time machine asks the real rules and writes nothing."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from booking.enums import BookingWay, Standing
from booking.models import Absence, Reservation, Service
from booking.time_machine import Answer
from tests.factories import ReservationFactory, change_rules, jst
from tests.staff.conftest import World

ClientOf = Callable[..., Client]
pytestmark = pytest.mark.requirement("S-12")


@pytest.fixture
def service(world: World) -> Service:
    return world.reservation.service


@pytest.fixture
def ask(world: World, client_of: ClientOf, service: Service) -> Callable[..., Any]:
    client = client_of(world.reception)

    def asked(**wish: Any) -> Any:
        return client.get("/admin/time-machine/", {"service": service.pk, "kind": "registered_here", **wish})

    return asked


def answer(response: Any) -> Answer:
    found: Answer | None = response.context["answer"]
    assert found is not None, response.context["form"].errors
    return found


def codes(response: Any) -> list[str]:
    return [one.error.code for one in answer(response).refusals]


def wish(day: str, time: str, **more: Any) -> dict[str, Any]:
    return {"wish_day": day, "wish_time": time, **more}


def test_without_anything_it_asks_about_now(ask) -> None:
    found = answer(ask())
    assert (found.first_day, found.last_day) == (date(2026, 6, 2), date(2026, 7, 1))
    # Two counselors, of whom one is taken at 10:00: the time stays free.
    assert [(day.day, day.free) for day in found.days[:2]] == [(date(2026, 6, 2), 16), (date(2026, 6, 3), 16)]
    assert found.bookable == sum(day.free for day in found.days)


def test_before_it_is_asked_there_is_only_the_form(world: World, client_of: ClientOf) -> None:
    response = client_of(world.counselor).get("/admin/time-machine/")
    assert response.context["answer"] is None
    assert 'value="2026-06-01"' in response.content.decode()


def test_a_session_that_can_be_booked(ask) -> None:
    response = ask(**wish("2026-06-02", "09:00"))
    assert codes(response) == []
    assert "予約できます。" in response.content.decode()


@pytest.mark.parametrize(
    ("wished", "expected"),
    [
        pytest.param(wish("2026-06-01", "15:00"), ["booking_closed"], id="today"),
        pytest.param(wish("2026-07-02", "10:00"), ["not_open_yet"], id="a month and a day ahead"),
        pytest.param(wish("2026-06-02", "10:10"), ["not_offered"], id="off the grid"),
        pytest.param(wish("2026-06-06", "10:00"), ["not_offered"], id="a Saturday"),
        pytest.param(wish("2026-06-02", "10:00", kind="employer"), ["not_for_employers"], id="an employer"),
        pytest.param(wish("2026-06-02", "10:00", kind="restricted"), ["restricted"], id="a restricted person"),
        pytest.param(
            wish("2026-07-02", "10:10", kind="restricted"),
            ["restricted", "not_open_yet", "not_offered"],
            id="everything at once",
        ),
    ],
)
def test_every_refusal_is_told_with_its_rule(ask, wished: dict[str, Any], expected: list[str]) -> None:
    response = ask(**wished)
    assert codes(response) == expected
    html = response.content.decode()
    for one in answer(response).refusals:
        assert one.error.message in html
        assert str(one.known.rule) in html
        assert all(row in html for row in one.known.rows)


def test_a_full_time_is_told_from_one_that_is_not_offered(ask, world: World, service: Service) -> None:
    ReservationFactory.create(service=service, counselor=world.jiro, starts_at=jst(6, 2, 10))
    assert codes(ask(**wish("2026-06-02", "10:00"))) == ["slot_taken"]
    for counselor in (world.hanako, world.jiro):
        Absence.objects.create(counselor=counselor, starts_at=jst(6, 3, 10), ends_at=jst(6, 3, 11))
    assert codes(ask(**wish("2026-06-03", "10:00"))) == ["not_offered"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("registered_here", []),
        ("registered_online", ["wrong_standing"]),
        ("about_to_register", ["wrong_standing"]),
        ("unregistered", ["wrong_standing"]),
        ("recognised", []),
        ("named", []),
        ("employer", ["not_for_employers"]),
        ("guest", []),
        ("restricted", ["restricted"]),
    ],
)
def test_each_kind_of_person(ask, world: World, service: Service, kind: str, expected: list[str]) -> None:
    change_rules(service, standings=[Standing.REGISTERED_HERE, Standing.RECOGNISED])
    response = ask(kind=kind, counselor=world.hanako.pk, **wish("2026-06-02", "09:00"))
    assert codes(response) == expected
    assert [one.error.code for one in answer(response).always] == expected
    assert bool(answer(response).bookable) is not bool(expected)


def test_a_named_counselor(ask, world: World, service: Service) -> None:
    change_rules(service, standings=[Standing.RECOGNISED], needs_named_counselor=True)
    at_ten = wish("2026-06-02", "10:00")
    assert codes(ask(kind="recognised", **at_ten)) == ["no_named_counselor"]
    assert codes(ask(kind="named", counselor=world.jiro.pk, **at_ten)) == []
    assert codes(ask(kind="named", counselor=world.hanako.pk, **at_ten)) == ["slot_taken"]
    assert "担当の相談員を選んでください" in ask(kind="named").content.decode()


def test_the_device(ask, service: Service) -> None:
    change_rules(service, asks_device=True)
    assert codes(ask(has_no_device="on", **wish("2026-06-02", "09:00"))) == ["device_missing"]


def test_coming_reservations_that_one_imagines(ask, service: Service) -> None:
    change_rules(service, most_coming=2, days_between=7)
    nine = wish("2026-06-09", "09:00")
    assert codes(ask(others="2026-06-02", **nine)) == []
    response = ask(others="2026-06-03", **nine)
    assert codes(response) == ["too_close"]
    by_day = {day.day: day for day in answer(response).days}
    assert [one.error.code for one in by_day[date(2026, 6, 9)].own] == ["too_close"]
    assert by_day[date(2026, 6, 10)].refusals == []
    assert codes(ask(others="2026-06-16、2026/06/30", **nine)) == ["too_many_coming"]


@pytest.mark.parametrize("others", ["x", "2026-13-40", "2026-06-02 " * 21])
def test_days_that_are_none_are_refused_with_an_example(ask, others: str) -> None:
    assert "2026-06-10、2026-06-12" in str(ask(others=others).context["form"].errors["others"])


def test_the_ways_of_booking(ask, service: Service) -> None:
    at_nine = wish("2026-06-02", "09:00")
    assert "先に利用者登録が必要です" in ask(kind="guest").content.decode()
    change_rules(service, in_force_on=date(2026, 5, 30), way=BookingWay.ARRANGED)
    assert "先に利用者登録が必要です" in ask(kind="guest", day="2026-05-30", time="10:00").content.decode()
    change_rules(service, way=BookingWay.MAIL_LINK)
    assert "先に利用者登録が必要です" not in ask(kind="guest").content.decode()
    change_rules(service, in_force_on=date(2026, 5, 31), way=BookingWay.STAFF_ONLY)
    assert codes(ask(day="2026-05-31", time="10:00", **at_nine)) == ["by_staff_only"]


# --- Moments ---


@pytest.mark.parametrize(
    ("day", "time", "version", "last"),
    [
        ("2026-06-09", "23:59", date(2026, 1, 1), date(2026, 7, 9)),
        ("2026-06-10", "00:00", date(2026, 6, 10), date(2026, 6, 24)),
        ("2025-12-31", "23:59", date(2026, 1, 1), date.min),
    ],
    ids=["the last minute before the new rules", "their first minute", "before the first rules"],
)
def test_the_version_of_the_moment_judges(ask, service: Service, day, time, version: date, last: date) -> None:
    change_rules(service, in_force_on=date(2026, 6, 10), opens_days_before=14)
    found = answer(ask(day=day, time=time))
    assert (found.version.in_force_on, found.last_day) == (version, last)


def test_the_wished_session_is_what_the_version_of_its_own_day_says(ask, service: Service) -> None:
    change_rules(service, in_force_on=date(2026, 6, 10), length_minutes=45, step_minutes=45)
    before = answer(ask(**wish("2026-06-09", "09:30")))
    after = answer(ask(**wish("2026-06-10", "09:30")))
    assert (before.session_version.in_force_on, after.session_version.in_force_on) == (
        date(2026, 1, 1),
        date(2026, 6, 10),
    )
    assert ([one.error.code for one in after.refusals], before.refusals) == (["not_offered"], [])
    assert after.version == before.version


def test_a_past_moment(ask) -> None:
    assert codes(ask(day="2026-05-01", time="09:00", **wish("2026-06-02", "09:00"))) == ["not_open_yet"]
    assert codes(ask(day="2026-05-02", time="09:00", **wish("2026-06-02", "09:00"))) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"service": "0"},
        {"service": "x"},
        {"kind": "x"},
        {"day": "9999-12-31"},
        {"time": "25:00"},
        {"counselor": "0"},
        {"wish_day": "0001-01-01", "wish_time": "10:00"},
        {"wish_day": "2026-06-02"},
        {"wish_time": "10:00"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_told_at_its_field(ask, forged: dict[str, str]) -> None:
    response = ask(**forged)
    assert response.status_code == 200
    assert response.context["answer"] is None
    assert response.context["form"].errors


def test_services_of_other_offices_do_not_exist(ask, world: World) -> None:
    foreign = world.foreign_reservation.service
    assert "service" in ask(service=foreign.pk).context["form"].errors
    assert foreign.name not in ask().content.decode()
    assert "counselor" in ask(kind="named", counselor=world.foreign_counselor.pk).context["form"].errors


def test_a_service_that_is_not_public_is_told_as_closed(ask, service: Service) -> None:
    Service.objects.filter(pk=service.pk).update(is_active=False)
    assert codes(ask(**wish("2026-06-02", "09:00"))) == ["service_closed"]


def test_nothing_is_written(ask, world: World) -> None:
    before = Reservation.objects.count()
    with CaptureQueriesContext(connection) as queries:
        ask(**wish("2026-06-02", "09:00"))
    written = [query["sql"] for query in queries if query["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert [sql for sql in written if "session" not in sql] == []
    assert Reservation.objects.count() == before
    assert ask(service="").status_code == 200


def test_a_post_is_no_way_to_ask(world: World, client_of: ClientOf) -> None:
    assert client_of(world.manager).post("/admin/time-machine/").status_code == 405
