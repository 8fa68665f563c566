from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import BookingWay, ReservationStatus
from booking.flows.mail_link import request_by_link
from booking.flows.reserve import ReservationDetails
from booking.guest_access import CONFIRMS, token_of
from booking.models import OnlineMeeting, Reservation, Service
from terms.consent import give_consent
from terms.models import TermsKind, TermsVersion
from tests.factories import NOW, TermsDocumentFactory, TermsVersionFactory, bookable_service, jst

START = jst(6, 2, 10)
MAIL = "hanako@mail.example"
DETAILS = ReservationDetails(name="見本 花子", phone="090-1234-5678", phone_e164="+819012345678")
TYPED = {"name": "見本 花子", "kana": "みほん はなこ", "email": MAIL, "phone": "090-1234-5678"}


@pytest.fixture
def now(freeze: Callable[[datetime], datetime], db: None) -> datetime:
    return freeze(NOW)


def link_service(*, counselors: int = 1, **rules: Any) -> Service:
    """Booked by mail link; the terms of the portal, the service and its software are in force."""
    service = bookable_service(counselors=counselors, **{"way": BookingWay.MAIL_LINK, **rules})
    for document in (service.terms, service.software_terms, TermsDocumentFactory.create(kind=TermsKind.PORTAL)):
        TermsVersionFactory.create(document=document)
    return service


@pytest.fixture
def service(now: datetime) -> Service:
    return link_service()


def agree_to_all(person: Any) -> None:
    give_consent(person, versions=TermsVersion.objects.all(), language="ja", request=None)


def request(service: Service, *, who: Any = MAIL, starts_at: datetime = START, now: datetime = NOW, **wish: Any) -> Any:
    """What the check page does, with every box ticked."""
    wish = {"details": DETAILS, "agree": agree_to_all, **wish}
    return request_by_link(who, service=service, starts_at=starts_at, now=now, **wish)


@pytest.fixture
def asked(service: Service) -> Reservation:
    reservation: Reservation = request(service)
    return reservation


def link_of(reservation: Reservation, name: str = "link") -> str:
    return reverse(f"booking:{name}", args=[token_of(reservation, CONFIRMS)])


@pytest.fixture
def confirmed(client: Client, asked: Reservation) -> Reservation:
    """By somebody else's browser: the client of the test has proved nothing."""
    Client().post(link_of(asked))
    asked.refresh_from_db()
    assert asked.status == ReservationStatus.CONFIRMED
    return asked


class Way:
    """Somebody on the way through the pages, by the client of the test."""

    def __init__(self, client: Client, service: Service) -> None:
        self.client, self.service = client, service

    def url(self, name: str, start: datetime = START) -> str:
        query = urlencode({"start": start.isoformat(timespec="minutes")})
        return f"{reverse(f'booking:{name}', args=[self.service.pk])}?{query}"

    def choose(self, start: datetime = START) -> Any:
        return self.client.post(reverse("booking:hold", args=[self.service.pk]), {"start": start.isoformat()})

    def type(self, start: datetime = START, **changes: Any) -> Any:
        return self.seen(self.client.post(self.url("link_details", start), {**TYPED, **changes}))

    def ask(self, start: datetime = START, *, ticks: list[str] | None = None) -> Any:
        url = self.url("link_check", start)
        boxes = list(self.client.get(url).context["form"].fields) if ticks is None else ticks
        return self.seen(self.client.post(url, dict.fromkeys(boxes, "on")))

    def seen(self, answer: Any) -> Any:
        is_error = answer.status_code == HTTPStatus.FOUND and answer.url.endswith("errors")
        return self.client.get(answer.url) if is_error else answer


@pytest.fixture
def way(client: Client, service: Service) -> Way:
    return Way(client, service)


def open_meeting(reservation: Reservation) -> OnlineMeeting:
    meeting = OnlineMeeting.objects.get(reservation=reservation)
    meeting.state, meeting.meeting_id, meeting.passcode = "open", "85746065432", "482913"
    meeting.join_url = "https://zoom.us/j/85746065432?pwd=secret"
    meeting.save()
    return meeting
