"""Opened, moved, cancelled, swept and told of by webhook at the same moment: Zoom is left with no meeting of ours."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from booking.availability import Slot
from booking.effects.change_meeting import change_meeting
from booking.effects.check_meeting import check_meeting
from booking.effects.close_meeting import close_meeting
from booking.effects.leases import LEASE
from booking.effects.open_meeting import open_meeting
from booking.enums import MeetingState
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_seeker
from booking.flows.move import move_by_office
from booking.models import OnlineMeeting
from tests.factories import UserFactory
from tests.zoom.conftest import meeting, now, zoom_stand_in
from tests.zoom.moves import WEDNESDAY

__all__ = ["meeting", "now", "zoom_stand_in"]

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> None:
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            gate.wait(30)
            act()
        except BookingError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("turn", range(4))
def test_nothing_is_left_after_the_cancellation(meeting, zoom_stand_in, now, turn: int) -> None:
    counselors = (meeting.reservation.counselor_id,)
    slot = Slot(starts_at=WEDNESDAY, ends_at=WEDNESDAY + timedelta(minutes=30), counselor_ids=counselors)
    staff = UserFactory.create()
    at_once(
        *[lambda: open_meeting(meeting.pk, now=now)] * 3,
        *[lambda: change_meeting(meeting.pk, now=now)] * 2,
        lambda: check_meeting(meeting.pk, now=now),
        lambda: move_by_office(meeting.reservation, slot=slot, by=staff, reason="研修のため", now=now),
        *[lambda: cancel_by_seeker(meeting.reservation, by=meeting.reservation.seeker, now=now)] * 2,
    )
    for round_number in range(1, 5):
        later = now + (LEASE + timedelta(minutes=30)) * round_number
        for row in OnlineMeeting.objects.left_behind(later):
            close_meeting(row.pk, now=later)

    assert zoom_stand_in.meetings == []
    assert set(OnlineMeeting.objects.values_list("state", flat=True)) == {MeetingState.CLOSED}
