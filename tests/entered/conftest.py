"""An office with a service of 30 minutes on weekdays 9:00–17:00, its people, and what staff take down."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from booking.flows.enter import Entry
from booking.flows.reserve import ReservationDetails
from booking.models import Reservation, Service
from terms.models import TermsKind
from tests.factories import SeekerFactory, TermsDocumentFactory, TermsVersionFactory, jst
from tests.staff.conftest import World, client_of, now, world

__all__ = ["client_of", "now", "world"]
ENTER = "/admin/enter/"
TUESDAY = jst(6, 2, 11)
TYPED = {"name": "見本 花子", "phone": "090-1234-5678", "firm": "at_once", "do": "enter"}


@pytest.fixture
def service(world: World) -> Service:
    """Both of its terms, and those of the portal, are in force."""
    service = world.reservation.service
    portal = TermsDocumentFactory.create(kind=TermsKind.PORTAL)
    for document in (service.terms, service.software_terms, portal):
        TermsVersionFactory.create(document=document)
    return service


@pytest.fixture
def seeker(service: Service) -> User:
    return SeekerFactory.create(email="seeker@mail.example", name="髙𠮷 﨑子")


@pytest.fixture
def take_down(service: Service, world: World) -> Callable[..., Entry]:
    """`take_down(email=…, starts_at=…)`: somebody without an account, Tuesday 11:00, by reception, at once."""

    def take_down(**wishes: Any) -> Entry:
        typed = {"name": "見本 花子", "phone": "090-1234-5678", "phone_e164": "+819012345678"}
        details = ReservationDetails(**typed | wishes.pop("details", {}))
        return Entry(**{"service": service, "starts_at": TUESDAY, "by": world.reception, "details": details} | wishes)

    return take_down


@pytest.fixture
def desk(world: World, client_of: Callable[..., Client], service: Service) -> Client:
    return client_of(world.reception)


def start_of(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def entered() -> Reservation:
    return Reservation.objects.exclude(entered_by=None).get()


def page(response: Any) -> str:
    return response.content.decode()
