"""A row that breaks its rule holds up no other: one reservation must not end the ten-minute rule for every office."""

import logging

import pytest
from django.db import connection

from booking.enums import ReservationStatus
from booking.models import Reservation
from booking.periodic import cancel_no_shows
from tests.factories import ReservationFactory, jst

TEN = jst(6, 2, 10)
POISON = """
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$;
CREATE TRIGGER poison BEFORE UPDATE ON booking_reservation FOR EACH ROW
WHEN (NEW.number = 'PAAAAAAA') EXECUTE FUNCTION poison();
"""


@pytest.mark.django_db
@pytest.mark.requirement("K-24")
def test_the_rest_are_judged_and_the_failure_is_logged(freeze, caplog) -> None:
    seen = {"counselor_present_at": TEN, "starts_at": TEN}
    ReservationFactory.create(number="PAAAAAAA", **seen)
    others = [ReservationFactory.create(**seen) for _one in range(2)]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(POISON)
    freeze(jst(6, 2, 10, 10))
    with caplog.at_level(logging.ERROR):
        assert cancel_no_shows() == 2
    statuses = Reservation.objects.filter(pk__in=[row.pk for row in others]).values_list("status", flat=True)
    assert set(statuses) == {ReservationStatus.NO_SHOW}
    assert "mark_no_show: row" in caplog.text
