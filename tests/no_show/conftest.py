from collections.abc import Callable
from typing import Any

import pytest

from booking.models import Guest, Reservation
from tests.booking.conftest import reserve_place
from tests.factories import ReservationFactory
from tests.staff.conftest import World, client_of, now, world

__all__ = ["client_of", "now", "reserve_place", "world"]


@pytest.fixture
def book_guest(world: World) -> Callable[..., Reservation]:
    """A reservation of somebody without an account, like world.reservation; by phone alone unless a mail is given."""

    def book(*, email: str = "", **fields: Any) -> Reservation:
        guest = Guest.objects.create(email=email, phone_e164="+819012345678")
        row = {"service": world.reservation.service, "counselor": world.jiro, "name": "電話 花子", **fields}
        return ReservationFactory.create(seeker=None, guest=guest, **row)

    return book
