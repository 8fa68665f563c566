"""Whatever became of a mail before the cancellation: nothing after it speaks of a session that will not be."""

import threading

import pytest
from django.db import connection, transaction

from booking.enums import MailKind
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker
from booking.flows.reach import send_mails_again
from booking.mails.reservations import queue_new_link
from mailing.models import HANDING_OVER, MailState, OutgoingMail
from mailing.periodic import STUCK_AFTER, sweep
from mailing.sending import send
from tests.booking_mails.conftest import book, open_meeting, portal, reservation
from tests.factories import NOW

__all__ = ["book", "open_meeting", "portal", "reservation"]

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + STUCK_AFTER * 2


def send_all() -> None:
    for _turn in range(10):
        for mail in OutgoingMail.objects.due(LATER).in_turn(LATER):
            send(mail.pk, now=LATER)


def kinds_sent() -> list[str]:
    return list(OutgoingMail.objects.filter(state=MailState.SENT).values_list("kind", flat=True))


@pytest.fixture
def cancelled(book, reservation, open_meeting, smtp_server):
    """Cancelled, after every mail before was brought into that state."""

    def cancel(**state: object) -> None:
        open_meeting()
        book()
        with transaction.atomic():
            queue_new_link(reservation, now=NOW)
        OutgoingMail.objects.update(due_at=NOW, claimed_at=NOW, attempts=1, is_waiting=False, **state)
        cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)

    return cancel


@pytest.mark.parametrize("context", [{}, {HANDING_OVER: True}], ids=["before", "while it was handed over"])
def test_what_a_worker_died_over_is_not_sent_afterwards(cancelled, context) -> None:
    cancelled(state=MailState.SENDING, context=context)
    sweep(now=LATER)
    send_all()
    assert kinds_sent() == [MailKind.CANCELLED_BY_SEEKER]
    assert not OutgoingMail.objects.due(LATER).exists()


@pytest.mark.parametrize("state", [MailState.FAILED, MailState.BOUNCED, MailState.DELAYED])
def test_staff_who_send_everything_again_send_nothing_untrue(cancelled, reservation, state) -> None:
    cancelled(state=state)
    if state != MailState.DELAYED:
        assert send_mails_again(reservation, now=LATER) >= 3
    send_all()
    assert kinds_sent() == [MailKind.CANCELLED_BY_SEEKER]


def test_pressed_by_ten_colleagues_at_once_it_is_sent_once(cancelled, reservation, smtp_server) -> None:
    cancelled(state=MailState.SENT)
    smtp_server.messages.clear()
    OutgoingMail.objects.filter(kind=MailKind.CANCELLED_BY_SEEKER).update(state=MailState.BOUNCED)
    results: list[object] = []
    gate = threading.Barrier(10)

    def press() -> None:
        try:
            gate.wait(30)
            results.append(send_mails_again(reservation, now=LATER))
        except BookingError as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _colleague in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_all()

    assert sorted(map(str, results)) == ["1", *["mails_settled"] * 9]
    assert len(smtp_server.messages) == 1
