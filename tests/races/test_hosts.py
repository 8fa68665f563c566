"""Many people for few hosts that counselors share: never double, never a deadlock; and the twins that show what holds."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from booking.enums import OCCUPYING
from booking.errors import BookingError
from booking.flows import place
from booking.flows.hold import hold
from booking.flows.move import move
from booking.models import Counselor, Reservation, Service
from booking.models.host import MeetingHostQuerySet
from tests.factories import NOW, ReservationFactory, SeekerFactory, ServiceFactory, jst
from tests.hosts.conftest import pool, sharing
from tests.races.test_last_place import deadlocks

pytestmark = pytest.mark.django_db(transaction=True)
TEN, NOON = jst(6, 3, 10), jst(6, 3, 12)
PEOPLE = 12
CONSTRAINT = "meeting_host_not_double_booked"


@pytest.fixture
def service() -> Service:
    """Twelve counselors, three hosts."""
    service = ServiceFactory.create()
    sharing(service, counselors=PEOPLE)
    pool(service, "a@zoom.example", "b@zoom.example", "c@zoom.example")
    return service


def at_once(tries: list[Callable[[], object]]) -> list[str]:
    """Runs them all at the same moment; the codes of the refusals."""
    codes: list[str] = []
    gate = threading.Barrier(len(tries))

    def run(act: Callable[[], object]) -> None:
        try:
            gate.wait(30)
            act()
        except BookingError as refused:
            codes.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def holding(service: Service, counselor: Counselor | None = None) -> Callable[[], object]:
    seeker = SeekerFactory.create()
    row = Service.objects.select_related("office").get(pk=service.pk)
    return partial(hold, service=row, starts_at=TEN, seeker=seeker, now=NOW, counselor=counselor)


def each_with_an_own_counselor(service: Service) -> list[Callable[[], object]]:
    """Nobody waits for a counselor: only the hosts are contested."""
    return [holding(service, counselor) for counselor in service.counselors.order_by("pk")]


def hosts_in_use() -> list[str]:
    rows = Reservation.objects.filter(status__in=OCCUPYING, starts_at=TEN)
    return sorted(rows.values_list("meeting_host", flat=True))


@pytest.mark.parametrize("is_chosen", [False, True], ids=["any counselor", "each an own counselor"])
def test_three_hosts_serve_exactly_three_of_twelve(service: Service, *, is_chosen: bool) -> None:
    before = deadlocks()
    tries = each_with_an_own_counselor(service) if is_chosen else [holding(service) for _person in range(PEOPLE)]
    codes = at_once(tries)
    assert hosts_in_use() == ["a@zoom.example", "b@zoom.example", "c@zoom.example"]
    assert len(codes) == PEOPLE - 3
    assert set(codes) <= {"no_host_free", "slot_taken"}
    assert deadlocks() == before


def test_whoever_moves_and_whoever_books_never_share_one(service: Service) -> None:
    """Three move from noon and nine book: three win in all, the others keep what they had."""
    movers = []
    for counselor, host in zip(service.counselors.order_by("pk"), service.office.meeting_hosts.all(), strict=False):
        until = NOON + timedelta(minutes=30)
        movers.append(
            ReservationFactory.create(
                service=service, counselor=counselor, starts_at=NOON, meeting_host=host, host_until=until
            )
        )
    before = deadlocks()
    moves = [partial(move, row, starts_at=TEN, by=row.seeker, now=NOW) for row in movers]
    codes = at_once([*moves, *(holding(service) for _person in range(PEOPLE - len(moves)))])
    assert len(moves) == 3
    assert hosts_in_use() == ["a@zoom.example", "b@zoom.example", "c@zoom.example"]
    assert len(codes) == PEOPLE - 3
    assert deadlocks() == before


@pytest.fixture
def without_constraint(transactional_db: None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [CONSTRAINT])
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE booking_reservation DROP CONSTRAINT {CONSTRAINT}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE booking_reservation CASCADE")
        cursor.execute(f"ALTER TABLE booking_reservation ADD CONSTRAINT {CONSTRAINT} {definition}")


@pytest.fixture
def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue on the hosts' rows switched off; everybody has looked before anybody writes."""
    monkeypatch.setattr(MeetingHostQuerySet, "lock", lambda rows: rows)
    choose = place.choose_host

    def look_and_wait(*arguments: object, **named: object) -> object:
        host = choose(*arguments, **named)
        time.sleep(0.5)
        return host

    monkeypatch.setattr(place, "choose_host", look_and_wait)


@pytest.mark.usefixtures("without_constraint")
def test_the_lock_alone_keeps_them_apart(service: Service) -> None:
    at_once(each_with_an_own_counselor(service))
    assert hosts_in_use() == ["a@zoom.example", "b@zoom.example", "c@zoom.example"]


@pytest.mark.usefixtures("without_lock")
def test_the_constraint_alone_keeps_them_apart(service: Service) -> None:
    at_once(each_with_an_own_counselor(service))
    used = hosts_in_use()
    assert len(used) == len(set(used)) >= 1


@pytest.mark.usefixtures("without_constraint", "without_lock")
def test_without_both_one_host_would_have_several_sessions(service: Service) -> None:
    at_once(each_with_an_own_counselor(service))
    used = hosts_in_use()
    assert len(used) > len(set(used))
