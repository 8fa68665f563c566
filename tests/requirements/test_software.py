"""The meeting software is chosen per office and per service, and is what pages and mails name (第4条)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from booking.enums import MailKind
from booking.mails.base import new_mail
from booking.models import Service
from mailing.composers import compose
from offices.enums import MeetingSoftware
from terms.models import TermsVersion
from tests.factories import (
    NOW,
    CounselorFactory,
    OfficeFactory,
    ReservationFactory,
    ServiceFactory,
    TermsVersionFactory,
    jst,
)
from tests.requirements.conftest import text_of
from tests.staff.conftest import client_of, world

__all__ = ["client_of", "world"]

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("H-18", "S-19")]


ZOOM, LINK = MeetingSoftware.ZOOM, MeetingSoftware.LINK


def service_with(*, of_office: str, of_service: str) -> Service:
    service = ServiceFactory(
        office=OfficeFactory(meeting_software=of_office), meeting_software=of_service, software_name="TeleOffice"
    )
    for document in (service.terms, service.software_terms):
        TermsVersionFactory.create(document=document)
    return service


CHOICES = pytest.mark.parametrize(
    ("of_office", "of_service", "named"),
    [
        pytest.param(ZOOM, "", "Zoom", id="the office's"),
        pytest.param(LINK, "", "TeleOffice", id="another one of the office"),
        pytest.param(ZOOM, LINK, "TeleOffice", id="the service's own"),
        pytest.param(LINK, ZOOM, "Zoom", id="the service's own is Zoom"),
    ],
)


@CHOICES
def test_pages_name_it(freeze: Any, of_office: str, of_service: str, named: str) -> None:
    freeze(NOW)
    service = service_with(of_office=of_office, of_service=of_service)
    other = "Zoom" if named == "TeleOffice" else "TeleOffice"
    for name, argument in (("service", service.pk), ("office", service.office.number)):
        page = text_of(Client().get(reverse(f"booking:{name}", args=[argument])))
        assert f"{named}（スマートフォン" in page
        assert f"{other}（スマートフォン" not in page


@CHOICES
def test_mails_name_it(freeze: Any, of_office: str, of_service: str, named: str) -> None:
    now = freeze(NOW)
    service = service_with(of_office=of_office, of_service=of_service)
    counselor = CounselorFactory(office=service.office, services=[service])
    reservation = ReservationFactory(service=service, counselor=counselor, starts_at=jst(6, 2, 10))
    mail = new_mail(MailKind.REMINDER_DAY, reservation, due_at=now)
    assert f"参加のしかた（{named}）" in compose(mail, now=now).body


def test_the_terms_of_the_software_are_those_of_the_service(freeze: Any) -> None:
    freeze(NOW)
    service = service_with(of_office=ZOOM, of_service=LINK)
    page = Client().get(reverse("booking:service", args=[service.pk])).content.decode()
    assert reverse("terms:document", args=[service.software_terms.slug]) in page
    assert escape(service.software_terms.title) in page
    assert TermsVersion.objects.filter(document=service.software_terms).exists()


def test_the_manager_chooses_it_for_a_service_and_the_national_administrator_for_an_office(
    world: Any, client_of: Any
) -> None:
    of_service = f"/admin/booking/service/{world.reservation.service.pk}/change/"
    of_office = f"/admin/offices/office/{world.office.pk}/change/"
    assert 'name="meeting_software"' in client_of(world.manager).get(of_service).content.decode()
    assert 'name="meeting_software"' in client_of(world.national).get(of_office).content.decode()
