"""A booking step takes at most 20 queries: every query more is felt by all who wait in the queue behind it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.enums import ReservationStatus
from tests.factories import jst
from tests.seeker.conftest import Way

pytestmark = pytest.mark.django_db(transaction=True)  # the test adds no savepoint of its own
MOST = 20
TEN = jst(6, 2, 10)


def queries(captured: CaptureQueriesContext) -> list[str]:
    """What was asked of the database; BEGIN and COMMIT ask nothing."""
    return [query["sql"] for query in captured.captured_queries if query["sql"] not in ("BEGIN", "COMMIT")]


def test_holding_a_time_stays_within_its_queries(way: Way) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = way.choose(TEN)
    assert "/details/" in answer.url
    assert len(queries(captured)) <= MOST


def test_confirming_stays_within_its_queries(way: Way) -> None:
    held = way.hold(TEN)
    way.type(held)
    url = way.url("check", held.number)
    boxes = dict.fromkeys(way.client.get(url).context["form"].fields, "on")
    with CaptureQueriesContext(connection) as captured:
        way.client.post(url, boxes)
    held.refresh_from_db()
    assert held.status == ReservationStatus.CONFIRMED
    assert len(queries(captured)) <= MOST
