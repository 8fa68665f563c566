from collections.abc import Callable
from typing import Any

import pytest

from booking.flows.hold import hold
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import Reservation, Service
from tests.factories import NOW, SeekerFactory, bookable_service, jst

Reserve = Callable[..., Reservation]


@pytest.fixture
def reserve_place() -> Reserve:
    """Book Tuesday 2026-06-02 10:00 through the flows, as a seeker would."""

    def book(service: Service | None = None, **more: Any) -> Reservation:
        seeker = more.pop("seeker", None) or SeekerFactory.create()
        now = more.pop("now", NOW)
        arguments = {"service": service or bookable_service(), "starts_at": jst(6, 2, 10), "seeker": seeker, "now": now}
        held = hold(**{**arguments, **more})
        details = ReservationDetails(name=seeker.name, phone="090-1234-5678", phone_e164="+819012345678")
        return reserve(held, details=details, now=now)

    return book
