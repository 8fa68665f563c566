"""What no constraint says is asked again under the lock: an interpreter's seat, time between sessions, sessions a day."""

import threading
from datetime import datetime, time

import pytest
from django.db import connection

from booking.enums import OCCUPYING, Language
from booking.errors import BookingError
from booking.flows import place
from booking.flows.hold import hold
from booking.models import InterpreterHours, Reservation, Service
from tests.factories import NOW, SeekerFactory, bookable_service, jst

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("S-12")]
VI = Language.VIETNAMESE
TEN, HALF_PAST, NOON = jst(6, 3, 10), jst(6, 3, 10, 30), jst(6, 3, 12)
OF_A_COUNSELOR = [
    pytest.param({"gap_minutes": 30}, [TEN, HALF_PAST], id="time between sessions"),
    pytest.param({"most_sessions_a_day": 1}, [TEN, NOON], id="sessions a day"),
]


@pytest.fixture
def one_seat() -> Service:
    """Two counselors, one interpreter."""
    service = bookable_service(counselors=2)
    InterpreterHours.objects.create(
        office=service.office, language=VI, weekday=2, opens=time(9), closes=time(12), seats=1
    )
    return service


def hold_at_once(service: Service, *starts: datetime, language: str = "", monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Different people; each has found the time free before anybody takes it. The codes of the refusals."""
    people = [SeekerFactory.create() for _start in starts]
    looked, look = threading.Barrier(len(starts)), place.slot_at
    met: list[object] = []
    codes: list[str] = []

    def when_all_have_looked(*args: object) -> object:
        slot = look(*args)
        if len(met) < len(starts):
            met.append(slot)
            looked.wait(10)
        return slot

    def press(person: object, start: datetime) -> None:
        row = Service.objects.select_related("office").get(pk=service.pk)
        try:
            hold(service=row, starts_at=start, seeker=person, now=NOW, language=language)
        except BookingError as refused:
            codes.append(refused.code)
        finally:
            connection.close()

    monkeypatch.setattr(place, "slot_at", when_all_have_looked)
    threads = [threading.Thread(target=press, args=pair) for pair in zip(people, starts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def held() -> int:
    return Reservation.objects.filter(status__in=OCCUPYING).count()


def test_one_interpreter_is_in_one_session(one_seat: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hold_at_once(one_seat, TEN, TEN, language=VI, monkeypatch=monkeypatch) == ["slot_taken"]
    assert held() == 1


def test_without_the_second_look_the_interpreter_would_be_in_two(
    one_seat: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "has_interpreter", lambda *_args, **_kwargs: True)
    assert hold_at_once(one_seat, TEN, TEN, language=VI, monkeypatch=monkeypatch) == []
    assert held() == 2


@pytest.mark.parametrize(("rules", "starts"), OF_A_COUNSELOR)
def test_a_counselor_has_no_more_than_the_rules_allow(
    rules: dict[str, int], starts: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hold_at_once(bookable_service(**rules), *starts, monkeypatch=monkeypatch) == ["slot_taken"]
    assert held() == 1


@pytest.mark.parametrize(("rules", "starts"), OF_A_COUNSELOR)
def test_without_the_second_look_the_counselor_would_have_more(
    rules: dict[str, int], starts: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "has_room", lambda *_args, **_kwargs: True)
    assert hold_at_once(bookable_service(**rules), *starts, monkeypatch=monkeypatch) == []
    assert held() == 2
