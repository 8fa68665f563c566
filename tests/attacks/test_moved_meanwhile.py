"""A reservation gets another counselor while somebody else waits for its row: the second act finds it all the same."""

import threading
import time
from typing import Any

import pytest
from django.db import connections, transaction

from booking.availability import Slot
from booking.enums import ReservationStatus
from booking.flows.cancel import cancel_by_office
from booking.flows.move import move_by_office
from tests.factories import NOW, CounselorFactory, ReservationFactory, UserFactory, jst


@pytest.mark.django_db(transaction=True)
def test_a_cancellation_waits_for_the_move_to_another_counselor(freeze) -> None:
    freeze(NOW)
    reservation, staff = ReservationFactory.create(), UserFactory.create(is_staff=True)
    other = CounselorFactory.create(office=reservation.office, services=[reservation.service])
    outcome: list[Any] = []

    def cancel() -> None:
        try:
            outcome.append(cancel_by_office(reservation, by=staff, reason="都合", now=NOW))
        except Exception as crash:  # noqa: BLE001  told by the test
            outcome.append(crash)
        connections.close_all()

    worker = threading.Thread(target=cancel)
    with transaction.atomic():
        slot = Slot(jst(6, 2, 11), jst(6, 2, 11, 30), (other.pk,))
        move_by_office(reservation, slot=slot, by=staff, reason="都合", now=NOW)
        worker.start()
        time.sleep(0.7)  # the cancellation waits for the row
    worker.join()

    assert [getattr(done, "status", done) for done in outcome] == [ReservationStatus.CANCELLED_BY_OFFICE]
    assert outcome[0].counselor == other
