"""Pages, mails and calendars say how one takes part: by which software, and who calls whom."""

import runpy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.acts import acts_for
from booking.enums import MailKind, ReservationStatus
from booking.flows.link import enter_link
from booking.flows.no_show import mark_no_show
from booking.invitations import calendar_file
from booking.models import Reservation, Service
from booking.views import content_security
from mailing.composers import compose
from mailing.models import OutgoingMail
from offices.enums import MeetingSoftware, PhoneCaller
from offices.models import Role
from terms.consent import give_consent
from tests.factories import NOW, TermsVersionFactory, bookable_service
from tests.links.conftest import HOST, ROOM, booked, link
from tests.staff.conftest import staff

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("S-19")]

THEIRS, OURS = "090-1234-5678", "0000-11-2222"


def agreed(reservation: Reservation) -> Client:
    """The person, signed in, with the newest terms agreed to."""
    service = reservation.service
    versions = [TermsVersionFactory.create(document=document) for document in (service.terms, service.software_terms)]
    give_consent(reservation.seeker, versions=versions, language="ja", request=None)
    client = Client()
    client.force_login(reservation.seeker)
    return client


def page_of(client: Client, reservation: Reservation) -> str:
    return client.get(reservation.get_absolute_url()).content.decode()


def confirmation(reservation: Reservation) -> str:
    mail = OutgoingMail.objects.get(cause=str(reservation.uuid), kind=MailKind.CONFIRMED)
    return compose(mail, now=NOW).body


def calendar(reservation: Reservation) -> str:
    return calendar_file(reservation, method="PUBLISH", now=NOW).content.decode().replace("\r\n ", "")


def called_by(service: Service, caller: PhoneCaller, *, number: str = "") -> Reservation:
    Service.objects.filter(pk=service.pk).update(phone_caller=caller, phone_number=number)
    return booked(Service.objects.select_related("office").get(pk=service.pk))


class TestTheOfficeCalls:
    def test_the_page_shows_the_number_the_person_gave(self, phone_service: Service, freeze: Any) -> None:
        reservation = called_by(phone_service, PhoneCaller.OFFICE)
        client = agreed(reservation)
        freeze(reservation.starts_at - timedelta(hours=1))
        before = page_of(client, reservation)
        assert THEIRS in before
        assert "ハローワークから次の番号へお電話します" in before
        freeze(reservation.starts_at)
        now = page_of(client, reservation)
        assert "時間になりました。ハローワークから" in now
        assert all("参加する</button>" not in html and "/join/" not in html for html in (before, now))

    def test_mail_and_calendar_say_so(self, phone_service: Service) -> None:
        reservation = called_by(phone_service, PhoneCaller.OFFICE)
        body = confirmation(reservation)
        assert "参加のしかた（電話）" in body
        assert THEIRS in body
        for of_video in ("ミーティングID", "「参加する」ボタン", "カメラ"):
            assert of_video not in body
        file = calendar(reservation)
        assert "電話相談" in file
        assert "ハローワークからお電話します" in file
        assert THEIRS not in file

    def test_staff_see_the_number(self, phone_service: Service, freeze: Any, client_of: Callable[..., Client]) -> None:
        reservation = called_by(phone_service, PhoneCaller.OFFICE)
        freeze(reservation.starts_at)
        counselor = staff(phone_service.office, Role.COUNSELOR, name="相談員")
        html = client_of(counselor).get(reverse("admin:day")).content.decode()
        assert "この番号へ電話してください" in html
        assert 'href="tel:+819012345678"' in html
        assert "Zoomを開始" not in html
        slugs = {act.slug for act in acts_for(counselor, reservation, now=reservation.starts_at)}
        assert {"check-in", "contacted"} <= slugs
        assert "phone" not in slugs


class TestThePersonCalls:
    @pytest.mark.parametrize(("number", "dialled"), [(OURS, OURS), ("", "0000-00-0000")], ids=["own", "office"])
    def test_the_number_of_the_service_else_of_the_office(
        self, phone_service: Service, freeze: Any, number: str, dialled: str
    ) -> None:
        reservation = called_by(phone_service, PhoneCaller.PERSON, number=number)
        client = agreed(reservation)
        freeze(reservation.starts_at)
        html = page_of(client, reservation)
        assert "時間になりました。次の番号へお電話ください" in html
        assert f'href="tel:{dialled.replace("-", "")}"' in html
        assert dialled in confirmation(reservation)
        assert dialled in calendar(reservation)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=9)])
def test_the_join_address_of_a_call_notes_nothing(phone_service: Service, freeze: Any, after: timedelta) -> None:
    reservation = booked(phone_service)
    client = agreed(reservation)
    freeze(reservation.starts_at + after)
    answer = client.post(reverse("booking:join", args=[reservation.number]))
    assert answer.url == reservation.get_absolute_url()
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CONFIRMED


class TestWhoCame:
    """The portal sees nobody in a telephone call or in a room of other software: it never calls anybody absent."""

    @pytest.mark.requirement("S-27")
    @pytest.mark.parametrize("by_phone", [True, False], ids=["by telephone", "by link"])
    def test_staff_are_asked(self, service: Service, phone_service: Service, by_phone: bool) -> None:
        reservation = the_office_waits(booked(phone_service if by_phone else service))
        assert not mark_no_show(reservation.pk, now=reservation.starts_at + timedelta(minutes=11))
        reservation.refresh_from_db()
        assert (reservation.status, reservation.needs_decision) == (ReservationStatus.CONFIRMED, True)

    def test_with_zoom_the_portal_decides(self) -> None:
        """The twin: the same evidence, and a software that tells who is there."""
        reservation = the_office_waits(booked(bookable_service()))
        assert mark_no_show(reservation.pk, now=reservation.starts_at + timedelta(minutes=11))


def the_office_waits(reservation: Reservation) -> Reservation:
    reservation.counselor_present_at = reservation.starts_at
    reservation.save(update_fields=["counselor_present_at"])
    return reservation


class TestByLink:
    def test_the_button_leads_there_through_the_portal(self, service: Service, freeze: Any) -> None:
        reservation = booked(service)
        enter_link(reservation, link=link(number="98765432", passcode="abc"), now=NOW)
        client = agreed(reservation)
        freeze(reservation.starts_at - timedelta(minutes=5))
        html = page_of(client, reservation)
        for shown in ("TeleOffice", "98765432", "abc", "参加する</button>"):
            assert shown in html
        assert ROOM not in html
        answer = client.post(reverse("booking:join", args=[reservation.number]))
        assert answer.url == ROOM
        reservation.refresh_from_db()
        assert reservation.status == ReservationStatus.CHECKED_IN

    def test_while_it_is_missing_the_page_says_who_prepares_it(self, service: Service, freeze: Any) -> None:
        reservation = booked(service)
        client = agreed(reservation)
        freeze(NOW)
        assert "参加するためのURLは、ハローワークが準備しています" in page_of(client, reservation)

    def test_before_the_door_opens_it_leads_nowhere(self, service: Service, freeze: Any) -> None:
        reservation = booked(service)
        enter_link(reservation, link=link(), now=NOW)
        client = agreed(reservation)
        freeze(reservation.starts_at - timedelta(hours=2))
        assert client.post(reverse("booking:join", args=[reservation.number])).url == reservation.get_absolute_url()

    def test_staff_have_no_host_link_but_the_way_to_replace_it(
        self, service: Service, freeze: Any, client_of: Callable[..., Client]
    ) -> None:
        reservation = booked(service)
        enter_link(reservation, link=link(), now=NOW)
        freeze(reservation.starts_at)
        html = (
            client_of(staff(service.office, Role.COUNSELOR, name="相談員")).get(reverse("admin:day")).content.decode()
        )
        assert "Zoomを開始" not in html
        assert reverse("admin:link", args=[reservation.number]) in html


def test_another_software_of_the_service_is_said_of_new_reservations_only(service: Service) -> None:
    reservation = booked(service)
    Service.objects.filter(pk=service.pk).update(meeting_software=MeetingSoftware.PHONE)
    reservation = Reservation.objects.with_facts().get(pk=reservation.pk)
    assert "オンライン（TeleOffice）" in calendar(reservation)


def test_the_policy_of_pages_with_a_button_names_the_hosts(settings: Any) -> None:
    """`form-action` is read when the server starts, so the module is run anew with the settings that it then has."""
    settings.MEETING_LINK_HOSTS = [HOST]
    hosts = runpy.run_path(content_security.__file__)["MEETING_HOSTS"]
    assert {f"https://{HOST}", f"https://*.{HOST}"} <= set(hosts)
