"""A service with a line, one counselor, and Tuesday to be filled and freed."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest
from django.test import Client

from booking.flows.reserve import ReservationDetails
from booking.flows.waiting import join_line
from booking.models import Counselor, Reservation, Service, WaitingEntry
from terms.consent import portal_documents
from terms.models import TermsKind
from tests.factories import (
    NOW,
    CounselorFactory,
    ReservationFactory,
    SeekerFactory,
    ServiceFactory,
    TermsDocumentFactory,
    TermsVersionFactory,
    jst,
)
from tests.seeker.conftest import agree

TUESDAY, FRIDAY = date(2026, 6, 2), date(2026, 6, 5)
TEN = jst(6, 2, 10)
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")

Join = Callable[..., WaitingEntry]


@pytest.fixture
def now(freeze, db) -> datetime:
    """Monday 2026-06-01 10:00."""
    return freeze(NOW)


def service_with_line(**rules: Any) -> Service:
    """One session a day, at 10:00, with one counselor; bookable until the end of the day before."""
    hours = [(day, time(10), time(10, 30)) for day in range(5)]
    return ServiceFactory.create(**{"has_waiting_list": True, "offer_lasts_minutes": 120, "hours": hours, **rules})


@pytest.fixture
def service(db) -> Service:
    """Tuesday to Friday at 10:00 are taken."""
    service = service_with_line()
    counselor = CounselorFactory.create(office=service.office, services=[service])
    for day in range(2, 6):
        ReservationFactory.create(service=service, counselor=counselor, starts_at=jst(6, day, 10))
    return service


@pytest.fixture
def counselor(service) -> Counselor:
    return Counselor.objects.get(services=service)


@pytest.fixture
def taken(service) -> Reservation:
    """The reservation of Tuesday 10:00."""
    return Reservation.objects.get(service=service, starts_at=TEN)


@pytest.fixture
def join(service) -> Join:
    """Wait from Tuesday to Friday, unless other days are named."""

    def join(seeker: Any = None, **more: Any) -> WaitingEntry:
        wish = {"service": service, "first_day": TUESDAY, "last_day": FRIDAY, "now": NOW, **more}
        return join_line(seeker=seeker or SeekerFactory.create(), **wish)

    return join


@pytest.fixture
def browser_of(db) -> Callable[[Any], Client]:
    """A client signed in as a seeker who agreed to the portal's terms."""
    portal = TermsVersionFactory.create(document=TermsDocumentFactory.create(kind=TermsKind.PORTAL))
    assert portal

    def sign_in(seeker: Any) -> Client:
        agree(seeker, portal_documents())
        client = Client()
        client.force_login(seeker)
        return client

    return sign_in
