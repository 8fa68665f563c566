"""An interpreter of the office is a place of its own: so many sessions at once as there are seats."""

from collections.abc import Callable
from datetime import time
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from booking.enums import Language, ReservationStatus
from booking.errors import BookingError
from booking.flows.hold import hold
from booking.models import InterpreterHours, Reservation, Service
from tests.factories import NOW, ReservationFactory, SeekerFactory, jst
from tests.seeker.conftest import Way
from tests.staff.conftest import World

VI = Language.VIETNAMESE
TEN = jst(6, 3, 10)
LIST = "/admin/booking/interpreterhours/"
ClientOf = Callable[..., Client]


@pytest.fixture
def hours(service: Service) -> InterpreterHours:
    """One interpreter on Wednesdays from 9:00 to 12:00; two counselors."""
    return InterpreterHours.objects.create(
        office=service.office, language=VI, weekday=2, opens=time(9), closes=time(12), seats=1
    )


def interpreted(service: Service, starts_at: Any = TEN, **more: Any) -> Reservation:
    counselor = service.counselors.first()
    return ReservationFactory.create(
        service=service, counselor=counselor, starts_at=starts_at, office_interpreter=VI, **more
    )


def is_offered(way: Way, start: Any, **query: str) -> bool:
    page = way.client.get(way.url("times"), query).content.decode()
    return start.isoformat(timespec="minutes") in page


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        pytest.param(jst(6, 3, 9), True, id="when it opens"),
        pytest.param(jst(6, 3, 11, 30), True, id="the last that fits"),
        pytest.param(jst(6, 3, 12), False, id="when it closes"),
        pytest.param(jst(6, 4, 10), False, id="another weekday"),
    ],
)
def test_only_times_with_an_interpreter_are_offered_and_held(way: Way, hours, start: Any, expected: bool) -> None:
    assert is_offered(way, start, language="vi") is expected
    assert is_offered(way, start)
    way.choose(start, language="vi")
    assert Reservation.objects.holds().exists() is expected


def test_the_page_offers_the_languages_of_the_office(way: Way, hours: InterpreterHours) -> None:
    page = way.client.get(way.url("times")).content.decode()
    assert "ベトナム語" in page
    assert "ネパール語" not in page


@pytest.mark.parametrize(("seats", "expected"), [(1, False), (2, True)])
def test_a_time_whose_seats_are_used_up_is_not_offered(way: Way, hours, seats: int, expected: bool) -> None:
    InterpreterHours.objects.update(seats=seats)
    interpreted(way.service)
    assert is_offered(way, TEN, language="vi") is expected
    assert is_offered(way, TEN)
    assert is_offered(way, jst(6, 3, 10, 30), language="vi")
    way.choose(TEN, language="vi")
    assert Reservation.objects.holds().exists() is expected


def test_a_session_in_another_language_or_cancelled_uses_no_seat(way: Way, hours: InterpreterHours) -> None:
    interpreted(way.service, status=ReservationStatus.CANCELLED_BY_SEEKER)
    assert is_offered(way, TEN, language="vi")
    counselor = way.service.counselors.last()
    ReservationFactory.create(
        service=way.service, counselor=counselor, starts_at=TEN, office_interpreter=Language.NEPALI
    )
    assert is_offered(way, TEN, language="vi")


def test_a_forged_choice_is_told_that_no_interpreter_is_free(way: Way, hours: InterpreterHours) -> None:
    interpreted(way.service)
    answer = way.choose(TEN, language="vi")
    page = way.client.get(answer.url).content.decode()
    assert "ベトナム語の通訳が対応できません" in page
    assert way.service.office.phone in page
    assert not Reservation.objects.holds().exists()
    with pytest.raises(BookingError) as refused:
        hold(service=way.service, starts_at=TEN, seeker=SeekerFactory.create(), now=NOW, language=VI)
    assert refused.value.code == "no_interpreter"


@pytest.mark.parametrize("language", ["xx", "ne"])
def test_a_language_nobody_speaks_there_books_nothing(way: Way, hours: InterpreterHours, language: str) -> None:
    way.choose(TEN, language=language)
    assert not Reservation.objects.holds().exists()


def test_the_language_is_kept_with_the_reservation(way: Way, hours: InterpreterHours) -> None:
    held = way.hold(TEN, language="vi")
    way.type(held)
    way.confirm(held)
    held.refresh_from_db()
    assert (held.status, held.office_interpreter) == (ReservationStatus.CONFIRMED, VI)


# --- Admin ---

TYPED = {"language": "vi", "weekday": 2, "opens": "09:00", "closes": "12:00", "seats": 2}


def test_the_manager_sets_the_hours_of_the_interpreters(world: World, client_of: ClientOf) -> None:
    client = client_of(world.manager)
    client.post(f"{LIST}add/", {"office": world.office.pk, **TYPED})
    row = InterpreterHours.objects.get()
    assert (row.office, row.language, row.seats, row.opens) == (world.office, VI, 2, time(9))
    client.post(f"{LIST}{row.pk}/change/", {"office": world.office.pk, **TYPED, "seats": 1})
    row.refresh_from_db()
    assert row.seats == 1
    client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    assert not InterpreterHours.objects.exists()


@pytest.mark.parametrize("role", ["counselor", "reception"])
def test_the_others_of_the_office_only_read_them(world: World, client_of: ClientOf, role: str) -> None:
    row = InterpreterHours.objects.create(office=world.office, language=VI, weekday=2, opens=time(9), closes=time(12))
    client = client_of(getattr(world, role))
    assert "ベトナム語" in client.get(LIST).content.decode()
    for address in ("add/", f"{row.pk}/change/"):
        assert client.post(LIST + address, {"office": world.office.pk, **TYPED}).status_code == HTTPStatus.FORBIDDEN


def test_a_manager_cannot_set_them_for_another_office(world: World, client_of: ClientOf) -> None:
    answer = client_of(world.manager).post(f"{LIST}add/", {"office": world.foreign_office.pk, **TYPED})
    assert answer.status_code == HTTPStatus.OK
    assert not InterpreterHours.objects.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"closes": "09:00"}, "終了は開始より後"), ({"seats": 0}, "1")],
    ids=["closes as it opens", "nobody"],
)
def test_hours_that_cannot_be_are_refused(
    world: World, client_of: ClientOf, changes: dict[str, Any], says: str
) -> None:
    answer = client_of(world.manager).post(f"{LIST}add/", {"office": world.office.pk, **TYPED, **changes})
    assert says in answer.content.decode()
    assert not InterpreterHours.objects.exists()
