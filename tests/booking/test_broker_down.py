"""A lost broker never loses a reservation: rows stay, sweepers find them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from kombu import Connection

from booking.enums import MeetingState, ReservationStatus
from booking.flows.cancel import cancel_by_seeker
from booking.models import OnlineMeeting
from booking.tasks import close_meeting, open_meeting
from mailing.models import OutgoingMail
from mailing.tasks import send_mail
from tests.booking.conftest import Reserve
from tests.factories import NOW


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Port 1 of this machine: nobody listens there. The real client, the real refusal."""
    with Connection("redis://127.0.0.1:1/0") as nobody:
        for task in (open_meeting, close_meeting, send_mail):
            monkeypatch.setattr(task, "apply_async", partial(task.apply_async, connection=nobody))
        yield


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_broker")
def test_booking_and_cancelling_go_on_without_the_broker(reserve_place: Reserve, caplog: Any) -> None:
    reservation = reserve_place()
    assert "no wake-up call" in caplog.text
    assert reservation.status == ReservationStatus.CONFIRMED
    assert OnlineMeeting.objects.left_behind(NOW).count() == 1
    assert OutgoingMail.objects.exists()
    cancel_by_seeker(reservation, by=reservation.seeker, now=NOW)
    assert reservation.meetings.get().state == MeetingState.CLOSING
