"""Who waits too long for a row is told so politely, and nothing is left behind."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.db import connection

from booking.errors import BookingError
from booking.flows.hold import hold
from booking.models import Reservation, Service
from tests.factories import NOW, SeekerFactory, bookable_service, jst


@pytest.fixture
def service_whose_counselor_is_locked() -> Iterator[Service]:
    service = bookable_service()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    other = psycopg2.connect(**connection.get_connection_params())
    other.cursor().execute("SELECT 1 FROM booking_counselor FOR UPDATE")
    yield service
    other.close()
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


@pytest.mark.django_db(transaction=True)
def test_a_wait_that_takes_too_long_is_a_polite_refusal(service_whose_counselor_is_locked: Service) -> None:
    with pytest.raises(BookingError, match="混み合って") as refused:
        hold(
            service=service_whose_counselor_is_locked,
            starts_at=jst(6, 2, 10),
            seeker=SeekerFactory.create(),
            now=NOW,
        )
    assert refused.value.code == "crowded"
    assert not Reservation.objects.exists()
