"""At the same second: the last place at two desks, the reply and the deadline, the reply and the office's cancellation."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import close_old_connections, connection

from booking.enums import OCCUPYING, Action, MailKind, ReservationStatus
from booking.errors import BookingError
from booking.flows.answer import mark_reply
from booking.flows.cancel import cancel_by_office
from booking.flows.enter import enter
from booking.flows.lapse import lapse
from booking.models import OnlineMeeting, Reservation
from mailing.models import OutgoingMail
from tests.entered.conftest import TUESDAY
from tests.factories import NOW, jst
from tests.guards import no_guard_of_places
from tests.staff.conftest import World

pytestmark = pytest.mark.django_db(transaction=True)
DESKS = 8
ROUNDS = 5
REASON = "電話で事情を伺ったため"


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Everybody acts at the same moment; the code of each refusal, or an empty text."""
    gate, codes = threading.Barrier(len(acts)), [""] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except BookingError as refused:
            codes[place] = refused.code
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def desks(take_down, world: World, **wishes: object) -> list[Callable[[], object]]:
    """As many callers as desks, all for hanako at the same time; an odd desk writes a reason."""
    acts = []
    for desk in range(DESKS):
        entry = take_down(email=f"caller{desk}@mail.example", counselor=world.hanako, **wishes)
        acts.append(partial(enter, entry, now=NOW, reason=REASON if desk % 2 else ""))
    return acts


@pytest.mark.parametrize("starts_at", [TUESDAY, jst(6, 2, 18)], ids=["a free slot", "an exception outside the hours"])
def test_one_of_many_desks_gets_the_place(take_down, world, starts_at: datetime):
    codes = at_once(*desks(take_down, world, starts_at=starts_at))
    assert codes.count("") == 1
    assert set(codes) <= {"", "counselor_busy", "override_needs_reason"}
    assert Reservation.objects.filter(starts_at=starts_at, status__in=OCCUPYING).count() == 1


def test_two_desks_enter_the_same_caller_once(take_down, world):
    one = take_down(email="caller@mail.example", counselor=world.hanako)
    other = replace(one, counselor=world.jiro)
    codes = at_once(partial(enter, one, now=NOW), partial(enter, other, now=NOW, reason=REASON))
    assert sorted(codes) == ["", "seeker_busy"]


@pytest.fixture
def without_guards(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    with no_guard_of_places(monkeypatch):
        yield


@pytest.mark.usefixtures("without_guards")
def test_without_constraint_and_lock_the_place_is_given_more_than_once(take_down, world):
    at_once(*desks(take_down, world))
    assert Reservation.objects.filter(starts_at=TUESDAY, status__in=OCCUPYING).count() > 1


@pytest.fixture
def ask(take_down) -> Callable[[int], Reservation]:
    def ask(number: int) -> Reservation:
        entry = take_down(email=f"caller{number}@mail.example", starts_at=jst(6, 12, 9 + number), waits_for_reply=True)
        return enter(entry, now=NOW)[0]

    return ask


def last_actions(reservation: Reservation) -> list[str]:
    return list(reservation.events.values_list("action", flat=True))[1:]


def test_the_reply_and_the_deadline_leave_one_of_both(ask, world):
    """Each reads its own clock: the worker is a moment ahead of the desk."""
    for number in range(ROUNDS):
        asked = ask(number)
        end = asked.hold_expires_at
        reply = partial(mark_reply, asked, by=world.reception, now=end - timedelta(seconds=1))
        codes = at_once(reply, partial(lapse, asked.pk, now=end))
        asked.refresh_from_db()
        is_firm = asked.status == ReservationStatus.CONFIRMED
        assert is_firm or asked.status == ReservationStatus.LAPSED
        assert codes[0] == ("" if is_firm else "reply_too_late")
        assert last_actions(asked) == [Action.CONFIRM if is_firm else Action.LAPSE]
        assert OnlineMeeting.objects.filter(reservation=asked).exists() == is_firm
        told = OutgoingMail.objects.about(str(asked.uuid)).filter(kind=MailKind.LAPSED)
        assert told.exists() != is_firm


def test_the_reply_and_the_cancellation_leave_it_cancelled(ask, world):
    for number in range(ROUNDS):
        asked = ask(number)
        at_once(
            partial(mark_reply, asked, by=world.reception, now=NOW),
            partial(cancel_by_office, asked, by=world.manager, reason="担当者が急病のため", now=NOW),
        )
        asked.refresh_from_db()
        assert asked.status == ReservationStatus.CANCELLED_BY_OFFICE
        assert not OnlineMeeting.objects.filter(reservation=asked, state="requested").exists()


def test_two_desks_mark_the_same_reply_once(ask, world):
    asked = ask(0)
    codes = at_once(*[partial(mark_reply, asked, by=world.reception, now=NOW)] * 4)
    assert codes == [""] * 4
    assert last_actions(asked) == [Action.CONFIRM]
    assert OnlineMeeting.objects.filter(reservation=asked).count() == 1
