from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from booking.flows.link import EnteredLink
from booking.flows.reserve import follow_up
from booking.models import MeetingLink, OnlineMeeting, Reservation, Service
from booking.models.guest import lock_person
from offices.enums import MeetingSoftware
from tests.factories import NOW, OfficeFactory, ReservationFactory, bookable_service
from tests.staff.conftest import client_of

__all__ = ["client_of"]

HOST = "teleoffice.example"
ROOM = f"https://{HOST}/room/1"
OTHER_ROOM = f"https://{HOST}/room/2"


@pytest.fixture(autouse=True)
def allowed_hosts(settings: Any) -> None:
    settings.MEETING_LINK_HOSTS = [HOST]


@pytest.fixture
def service(db: None) -> Service:
    """Three counselors, sessions of 30 minutes by TeleOffice."""
    return bookable_service(
        counselors=3,
        office=OfficeFactory.create(email="madoguchi@mail.example"),
        meeting_software=MeetingSoftware.LINK,
        software_name="TeleOffice",
    )


@pytest.fixture
def phone_service(db: None) -> Service:
    return bookable_service(meeting_software=MeetingSoftware.PHONE)


@pytest.fixture
def pool(service: Service) -> Callable[..., MeetingLink]:
    def add(url: str = ROOM, **more: Any) -> MeetingLink:
        values = {"office": service.office, "name": url[-1], "url": url, **more}
        return MeetingLink.objects.create(**values)

    return add


def booked(service: Service, *, counselor: int = 0, **more: Any) -> Reservation:
    """Firm, with its meeting row and mails, as the flows leave it: Tuesday 2026-06-02 10:00."""
    now = more.pop("now", NOW)
    chosen = service.counselors.order_by("pk")[counselor]
    values = {"service": service, "counselor": chosen, "meeting_host": None, **more}
    reservation = ReservationFactory.create(**values)
    with transaction.atomic():
        lock_person(reservation.person)
        follow_up(reservation, now=now)
    return reservation


def meeting_of(reservation: Reservation) -> OnlineMeeting:
    return OnlineMeeting.objects.live().get(reservation=reservation)


def link(url: str = ROOM, **more: Any) -> EnteredLink:
    return EnteredLink(url=url, **more)
