from datetime import datetime
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import Reservation, Service
from terms.consent import give_consent, portal_documents
from terms.models import TermsKind, TermsVersion
from tests.factories import NOW, SeekerFactory, TermsDocumentFactory, TermsVersionFactory, bookable_service

TYPED = {
    "name": "見本 花子",
    "kana": "みほん はなこ",
    "phone": "０９０−１２３４−５６７８",
    "seeker_number": "13010-00123456",
    "topic": "応募書類を見てほしい",
}


@pytest.fixture
def now(freeze, db) -> datetime:
    return freeze(NOW)


@pytest.fixture
def portal_terms(db) -> TermsVersion:
    return TermsVersionFactory.create(document=TermsDocumentFactory.create(kind=TermsKind.PORTAL))


@pytest.fixture
def service(now) -> Service:
    """Two counselors; both of its terms are in force."""
    service = bookable_service(counselors=2)
    for document in (service.terms, service.software_terms):
        TermsVersionFactory.create(document=document)
    return service


@pytest.fixture
def seeker(portal_terms) -> Any:
    """Agreed to the portal's terms, not yet to those of a service."""
    seeker = SeekerFactory.create()
    agree(seeker, portal_documents())
    return seeker


@pytest.fixture
def signed_in(client: Client, seeker) -> Client:
    client.force_login(seeker)
    return client


def agree(person: Any, documents: Any) -> None:
    versions = TermsVersion.objects.filter(document__in=documents)
    give_consent(person, versions=versions, language="ja", request=None)


class Way:
    """A seeker on the way through the pages, by the client of the test."""

    def __init__(self, client: Client, service: Service) -> None:
        self.client, self.service = client, service

    def url(self, name: str, number: str | None = None) -> str:
        return reverse(f"booking:{name}", args=[number or self.service.pk])

    def choose(self, start: datetime, **data: Any) -> Any:
        return self.client.post(self.url("hold"), {"start": start.isoformat(), **data})

    def hold(self, start: datetime, **data: Any) -> Reservation:
        answer = self.choose(start, **data)
        assert answer.status_code == 302, answer.content.decode()
        return Reservation.objects.get(number=answer.url.split("/")[2])

    def type(self, held: Reservation, **changes: Any) -> Any:
        return self.seen(self.client.post(self.url("details", held.number), {**TYPED, **changes}))

    def confirm(self, held: Reservation, *, agree_to_all: bool = True) -> Any:
        url = self.url("check", held.number)
        boxes = self.client.get(url).context["form"].fields if agree_to_all else []
        return self.seen(self.client.post(url, dict.fromkeys(boxes, "on")))

    def seen(self, answer: Any) -> Any:
        """Where something is to be mended: the page that shows it."""
        if answer.status_code == HTTPStatus.FOUND and answer.url.endswith("?errors"):
            return self.client.get(answer.url)
        return answer


@pytest.fixture
def way(signed_in, service) -> Way:
    return Way(signed_in, service)
