"""An office whose counselors share Zoom users."""

from datetime import timedelta
from typing import Any

import pytest

from booking.flows.hold import hold
from booking.models import Counselor, MeetingHost, Reservation, Service
from offices.models import Bureau
from tests.factories import (
    NOW,
    CounselorFactory,
    MeetingHostFactory,
    ReservationFactory,
    SeekerFactory,
    ServiceFactory,
    jst,
)

TEN = jst(6, 2, 10)


def sharing(service: Service, *, counselors: int = 1) -> list[Counselor]:
    """Counselors of the service without a host of their own."""
    return CounselorFactory.create_batch(counselors, office=service.office, services=[service], meeting_host=None)


def pool(service: Service, *addresses: str, **fields: Any) -> list[MeetingHost]:
    return [MeetingHostFactory.create(address=address, office=service.office, **fields) for address in addresses]


def bureau_host(service: Service, address: str) -> MeetingHost:
    office = service.office
    office.bureau = office.bureau or Bureau.objects.create(code="13", name="見本労働局")
    office.save(update_fields=["bureau"])
    return MeetingHost.objects.create(address=address, bureau=office.bureau)


def in_use(host: MeetingHost, service: Service, *, starts_at: Any = TEN, **fields: Any) -> Reservation:
    """A session of some other counselor of the office has the host."""
    [counselor] = CounselorFactory.create_batch(1, office=service.office, meeting_host=None)
    until = starts_at + timedelta(minutes=30) + host.buffer
    fields = {"meeting_host": host, "host_until": until, "counselor": counselor, **fields}
    return ReservationFactory.create(service=service, starts_at=starts_at, **fields)


def held(service: Service, starts_at: Any = TEN, **wish: Any) -> Reservation:
    return hold(service=service, starts_at=starts_at, seeker=SeekerFactory.create(), now=NOW, **wish)


@pytest.fixture
def service(db: None) -> Service:
    return ServiceFactory.create()
