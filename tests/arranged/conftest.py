from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from booking.enums import BookingWay
from booking.flows.arrange import Wishes, request_session
from booking.flows.reserve import ReservationDetails
from booking.models import Counselor, Service, SessionRequest
from tests.factories import NOW, SeekerFactory, bookable_service, jst

TEN = jst(6, 3, 10)
"""Wednesday: the dearest wish of most tests."""
DETAILS = ReservationDetails(
    name="見本 花子", kana="みほん はなこ", phone="090-1234-5678", phone_e164="+819012345678", topic="応募書類"
)


@pytest.fixture
def now(freeze, db) -> datetime:
    """Monday 2026-06-01 10:00 in Japan."""
    return freeze(NOW)


@pytest.fixture
def service(now) -> Service:
    return bookable_service(counselors=2, way=BookingWay.ARRANGED)


@pytest.fixture
def counselor(service) -> Counselor:
    return service.counselors.order_by("pk").first()


@pytest.fixture
def seeker(db) -> Any:
    return SeekerFactory.create()


@pytest.fixture
def ask(service, seeker) -> Callable[..., SessionRequest]:
    """The seeker asks for these starts, through the flow."""

    def ask(*starts: datetime, now: datetime = NOW, **more: Any) -> SessionRequest:
        wishes = Wishes(starts=starts or (TEN, jst(6, 4, 14)), counselor=more.pop("counselor", None))
        arguments = {"service": service, "seeker": seeker, "details": DETAILS, **more}
        return request_session(wishes=wishes, now=now, **arguments)

    return ask
