"""From a chosen time to the mail, through HTTP: with and without an account."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import BookingWay, Origin, Requirement, ReservationStatus
from booking.models import Guest, Reservation, Restriction, Service
from mailing.models import OutgoingMail
from terms.models import Consent
from tests.factories import CounselorFactory, ReservationFactory, SeekerFactory, change_rules, jst
from tests.guests.conftest import MAIL, START, TYPED, Way, agree_to_all, request


@pytest.mark.requirement("S-30", "S-31")
def test_without_an_account_from_a_time_to_the_mail(way: Way) -> None:
    assert way.choose().url == way.url("link_details")
    assert way.client.get(way.url("link_details")).status_code == 200
    assert way.type().url == way.url("link_check")
    assert way.ask().url == reverse("booking:link_sent")
    reservation = Reservation.objects.get()
    assert (reservation.status, reservation.origin) == (ReservationStatus.AWAITING_LINK, Origin.MAIL_LINK)
    assert (reservation.name, reservation.kana, reservation.phone) == ("見本 花子", "ミホン ハナコ", "090-1234-5678")
    assert (reservation.guest.email, reservation.seeker) == (MAIL, None)
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.to, mail.is_secret) == ("confirm_address", MAIL, True)
    page = way.client.get(reverse("booking:link_sent")).content.decode()
    assert MAIL in page
    assert "11:00" in page


@pytest.mark.requirement("S-30")
def test_the_form_asks_for_name_mail_phone_and_the_number_as_an_option(way: Way) -> None:
    fields = way.client.get(way.url("link_details")).context["form"].fields
    assert list(fields)[:4] == ["name", "kana", "email", "phone"]
    assert not fields["seeker_number"].required


@pytest.mark.requirement("S-30")
@pytest.mark.parametrize("field", ["name", "email", "phone"])
def test_what_is_asked_must_be_given(way: Way, field: str) -> None:
    page = way.type(**{field: ""})
    assert page.status_code == 200
    assert field in page.context["form"].errors
    assert "error-summary" in page.content.decode()


@pytest.mark.requirement("S-30")
def test_the_policy_decides_whether_the_number_is_asked(way: Way) -> None:
    change_rules(way.service, seeker_number=Requirement.REQUIRED)
    assert "seeker_number" in way.type().context["form"].errors
    assert way.type(seeker_number="13010-00123456").status_code == 302


def test_no_box_is_ticked_and_each_must_be(way: Way) -> None:
    way.type()
    page = way.client.get(way.url("link_check"))
    assert len(page.context["form"].fields) == 3
    assert "checked" not in page.content.decode()
    boxes = list(page.context["form"].fields)
    for left_out in boxes:
        assert way.ask(ticks=[box for box in boxes if box != left_out]).status_code == 200
    assert not Reservation.objects.exists()
    assert not Consent.objects.exists()


def test_the_consents_are_of_the_guest(way: Way) -> None:
    way.type()
    way.ask()
    assert set(Consent.objects.values_list("subject", "person")) == {(Guest.objects.get().subject, None)}
    assert Consent.objects.count() == 3


def test_who_agreed_before_is_asked_again_because_nobody_knows_who_types(way: Way, service: Service) -> None:
    request(service, starts_at=jst(6, 2, 14))
    way.type()
    assert len(way.client.get(way.url("link_check")).context["form"].fields) == 3


def test_the_check_page_shows_everything_in_words(way: Way) -> None:
    way.type(topic="応募書類", companions=["family"])
    page = way.client.get(way.url("link_check")).content.decode()
    for words in ("見本 花子", "ミホン ハナコ", MAIL, "090-1234-5678", "応募書類", "家族", "入力なし"):
        assert words in page


def test_a_skipped_form_leads_back_to_it(way: Way) -> None:
    assert way.client.post(way.url("link_check")).url == way.url("link_details")


def test_a_time_that_was_never_free_is_said_before_anybody_types(way: Way) -> None:
    night = jst(6, 2, 3)
    assert "/taken/" in way.client.get(way.url("link_details", night)).url


def test_a_time_taken_meanwhile_leads_to_the_nearest_and_what_was_typed_stays(way: Way, service: Service) -> None:
    way.type()
    request(service, who="faster@mail.example")
    answer = way.ask()
    assert "/taken/" in answer.url
    page = way.client.get(answer.url)
    assert page.context["times"]
    other = jst(6, 2, 11)
    assert way.choose(other).url == way.url("link_details", other)
    assert 'value="見本 花子"' in way.client.get(way.url("link_details", other)).content.decode()


@pytest.mark.parametrize("way_of_booking", [BookingWay.AT_ONCE, BookingWay.ARRANGED, BookingWay.STAFF_ONLY])
def test_a_service_booked_otherwise_has_no_such_pages(way: Way, way_of_booking: BookingWay) -> None:
    way.type()
    change_rules(way.service, way=way_of_booking)
    for name in ("link_details", "link_check"):
        for answer in (way.client.get(way.url(name)), way.client.post(way.url(name), TYPED)):
            assert answer.url == reverse("booking:times", args=[way.service.pk])
    assert not Reservation.objects.exists()


def test_forged_times_are_refused(way: Way) -> None:
    way.type()
    for start in (jst(6, 1, 11), jst(5, 1, 10), jst(9, 1, 10)):
        answer = way.client.get(way.url("link_check", start))
        boxes = dict.fromkeys(answer.context["form"].fields, "on")
        assert way.client.post(way.url("link_check", start), boxes).status_code == 302
    url = reverse("booking:link_details", args=[way.service.pk])
    assert way.client.get(f"{url}?start=nonsense").url == reverse("booking:times", args=[way.service.pk])
    assert not Reservation.objects.exists()


def test_signed_in_the_mail_goes_to_the_account(way: Way) -> None:
    seeker = SeekerFactory.create()
    way.client.force_login(seeker)
    page = way.client.get(way.url("link_details"))
    assert "email" not in page.context["form"].fields
    assert seeker.email in page.content.decode()
    way.type(email="forged@mail.example")
    assert way.ask().url == reverse("booking:link_sent")
    reservation = Reservation.objects.get()
    assert (reservation.seeker, reservation.guest) == (seeker, None)
    assert OutgoingMail.objects.get().to == seeker.email
    assert set(Consent.objects.values_list("person", flat=True)) == {seeker.pk}


def test_signed_in_only_what_is_missing_is_asked(way: Way) -> None:
    seeker = SeekerFactory.create()
    agree_to_all(seeker)
    way.client.force_login(seeker)
    way.type()
    assert not way.client.get(way.url("link_check")).context["form"].fields


# --- What a page says of an address that somebody typed ---


def seen_of(way: Way) -> tuple[int, str, str]:
    way.type()
    answer = way.ask()
    page = way.client.get(answer.url).content.decode()
    return answer.status_code, answer.url, re.sub(r'value="[^"]{64}"', "", page)


def of_an_account(service: Service) -> None:
    SeekerFactory.create(email=MAIL)


def of_an_account_with_a_session_then(service: Service) -> None:
    ReservationFactory.create(seeker=SeekerFactory.create(email=MAIL), starts_at=START)


def of_a_restricted_account(service: Service) -> None:
    Restriction.objects.create(
        office=service.office,
        seeker=SeekerFactory.create(email=MAIL),
        ground="no_shows",
        reason="見本",
        text="見本",
        begins_on=jst(6, 1).date(),
        ends_on=jst(7, 1).date(),
        decided_by=SeekerFactory.create(),
        decided_at=jst(6, 1),
    )


@pytest.mark.parametrize("who", [of_an_account, of_an_account_with_a_session_then, of_a_restricted_account])
def test_the_pages_are_the_same_for_every_address(way: Way, service: Service, who: Any) -> None:
    who(service)
    known = seen_of(way)
    Reservation.objects.filter(status=ReservationStatus.AWAITING_LINK).update(status=ReservationStatus.LAPSED)
    other = Way(Client(), service)
    Guest.objects.all().update(email="other@mail.example")
    Reservation.objects.exclude(origin=Origin.MAIL_LINK).update(status=ReservationStatus.LAPSED)
    Restriction.objects.all().delete()
    assert seen_of(other) == known


@pytest.mark.parametrize(
    ("who", "words"),
    [(of_an_account_with_a_session_then, "別の予約があります"), (of_a_restricted_account, "お受けできません")],
)
def test_the_owner_of_the_address_is_told_why_by_mail(way: Way, service: Service, who: Any, words: str) -> None:
    who(service)
    way.type()
    assert way.ask().url == reverse("booking:link_sent")
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.to) == ("link_request_refused", MAIL)
    assert words in mail.body
    assert "見本 花子" not in mail.body
    assert not Reservation.objects.filter(status=ReservationStatus.AWAITING_LINK).exists()
    assert not Guest.objects.exists()


def test_signed_in_the_reason_is_on_the_page(way: Way) -> None:
    seeker = SeekerFactory.create(email=MAIL)
    ReservationFactory.create(seeker=seeker, starts_at=START)
    way.client.force_login(seeker)
    way.type()
    page = way.client.get(way.ask().url).content.decode()
    assert "同じ時間に、あなたの別の予約があります" in page
    assert not OutgoingMail.objects.exists()


# --- Limits ---


def test_one_address_is_written_to_five_times_an_hour(service: Service) -> None:
    CounselorFactory.create_batch(5, office=service.office, services=[service])
    for number in range(6):
        browser = Way(Client(REMOTE_ADDR=f"198.51.100.{number}"), service)
        browser.type()
        assert browser.ask().status_code == (302 if number < 5 else 429)
    assert OutgoingMail.objects.count() == 5


def test_one_network_asks_twenty_times_an_hour(service: Service) -> None:
    for number in range(21):
        browser = Way(Client(), service)
        browser.type(email=f"a{number}@mail.example")
        assert browser.ask().status_code == (302 if number < 20 else 429)


def test_a_mistyped_address_is_mended_with_the_same_time(way: Way) -> None:
    way.type(email="wrong@mail.example")
    way.ask()
    assert way.client.get(way.url("link_details")).status_code == 200
    way.type()
    assert way.ask().url == reverse("booking:link_sent")
    assert list(Reservation.objects.order_by("pk").values_list("status", "guest__email")) == [
        (ReservationStatus.LAPSED, "wrong@mail.example"),
        (ReservationStatus.AWAITING_LINK, MAIL),
    ]


def test_another_browser_ends_no_request_of_another_address(way: Way, service: Service) -> None:
    first = request(service, who="first@mail.example", starts_at=jst(6, 2, 14))
    way.type()
    way.ask()
    first.refresh_from_db()
    assert first.status == ReservationStatus.AWAITING_LINK


def test_the_page_after_it_needs_a_request(client: Client, db: None) -> None:
    assert client.get(reverse("booking:link_sent")).url == reverse("booking:start")


def test_nothing_is_kept_before_the_last_step(way: Way) -> None:
    way.type()
    way.client.get(way.url("link_check"))
    assert not Reservation.objects.exists()
    assert not Guest.objects.exists()
