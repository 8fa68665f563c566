"""A guest's way back to the reservation, and that there is no other (S-33, S-34)."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import CancelChannel, ReservationStatus
from booking.flows.mail_link import confirm_by_link
from booking.guest_access import CONFIRMS, OPENS, is_passcode, passcode_of, token_of
from booking.models import Reservation, ReservationEvent, Service
from booking.models.reservation import NUMBER_ALPHABET
from mailing.models import OutgoingMail
from tests.factories import NOW, ReservationFactory, SeekerFactory, change_rules, jst
from tests.guests.conftest import MAIL, Way, agree_to_all, open_meeting, request

PAGES = ["reservation", "cancel", "calendar_file", "guest_done", "move"]


def url(name: str, reservation: Reservation) -> str:
    return reverse(f"booking:{name}", args=[reservation.number])


def look_up(client: Client, number: str, passcode: str, **extra: Any) -> Any:
    return client.post(reverse("booking:look_up"), {"number": number, "passcode": passcode}, **extra)


@pytest.fixture
def proved(client: Client, confirmed: Reservation) -> Client:
    look_up(client, confirmed.number, passcode_of(confirmed))
    return client


@pytest.mark.requirement("S-33")
@pytest.mark.parametrize("page", PAGES)
def test_number_and_passcode_open_every_page_of_the_reservation(
    client: Client, confirmed: Reservation, page: str
) -> None:
    assert "/accounts/login/" in client.get(url(page, confirmed)).url
    assert look_up(client, confirmed.display_number, passcode_of(confirmed)).url == url("reservation", confirmed)
    assert client.get(url(page, confirmed)).status_code == 200


@pytest.mark.requirement("S-33")
def test_the_personal_link_does_too(client: Client, confirmed: Reservation) -> None:
    answer = client.get(reverse("booking:guest_page", args=[token_of(confirmed, OPENS)]))
    assert answer.url == url("reservation", confirmed)
    assert confirmed.display_number in client.get(answer.url).content.decode()


@pytest.mark.parametrize(
    "change",
    [str.lower, lambda text: text.replace("-", ""), lambda text: text.replace("-", "ー"), lambda text: f" {text} "],
    ids=["small letters", "without the sign", "another sign", "with blanks"],
)
def test_number_and_passcode_are_taken_as_people_copy_them(client: Client, confirmed: Reservation, change: Any) -> None:
    answer = look_up(client, change(confirmed.display_number), change(passcode_of(confirmed)))
    assert answer.url == url("reservation", confirmed)


def test_full_width_letters_are_the_same(confirmed: Reservation) -> None:
    wide = passcode_of(confirmed).translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert is_passcode(confirmed, wide)


def test_a_passcode_has_ten_letters_that_nobody_mixes_up(confirmed: Reservation) -> None:
    passcode = passcode_of(confirmed)
    assert [len(part) for part in passcode.split("-")] == [5, 5]
    assert set(passcode) - {"-"} <= set(NUMBER_ALPHABET)


def test_the_passcode_follows_the_key_of_the_portal(confirmed: Reservation, settings: Any) -> None:
    before = passcode_of(confirmed)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-of-the-portal-0123456789-0123456789"
    assert not is_passcode(confirmed, before)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert is_passcode(confirmed, before)
    assert passcode_of(confirmed) != before


def test_what_is_wrong_is_not_told(client: Client, confirmed: Reservation, service: Service) -> None:
    other = confirm_by_link(request(service, who="other@mail.example", starts_at=jst(6, 2, 14)), now=NOW)
    tries = {
        "wrong passcode": (confirmed.number, "ABCDE-FGHJK"),
        "no such number": ("22222222", passcode_of(confirmed)),
        "the passcode of another": (confirmed.number, passcode_of(other)),
        "the number of another": (other.number, passcode_of(confirmed)),
    }
    seen = set()
    for name, (number, passcode) in tries.items():
        page = look_up(client, number, passcode)
        assert page.status_code == 200, name
        seen.add(str(page.context["form"].non_field_errors()))
    assert len(seen) == 1
    assert "見つかりません" in seen.pop()
    assert "/accounts/login/" in client.get(url("reservation", confirmed)).url


@pytest.mark.parametrize("field", ["number", "passcode"])
def test_both_must_be_given(client: Client, db: None, field: str) -> None:
    page = client.post(reverse("booking:look_up"), {"number": "A", "passcode": "B", field: ""})
    assert field in page.context["form"].errors


def test_the_passcode_of_an_account_opens_nothing(client: Client, now: datetime) -> None:
    reservation = ReservationFactory.create()
    assert look_up(client, reservation.number, passcode_of(reservation)).status_code == 200
    assert client.get(reverse("booking:guest_page", args=[token_of(reservation, OPENS)])).status_code == 404
    assert "/accounts/login/" in client.get(url("reservation", reservation)).url


def test_after_five_tries_a_number_has_to_wait(client: Client, confirmed: Reservation, freeze: Any) -> None:
    for number in range(5):
        assert look_up(client, confirmed.number, "WRONG", REMOTE_ADDR=f"198.51.100.{number}").status_code == 200
    right = passcode_of(confirmed)
    elsewhere = {"REMOTE_ADDR": "198.51.100.77"}
    assert look_up(client, confirmed.number, right, **elsewhere).status_code == HTTPStatus.TOO_MANY_REQUESTS
    freeze(NOW + timedelta(minutes=15, seconds=1))
    assert look_up(client, confirmed.number, right, **elsewhere).status_code == HTTPStatus.FOUND


def test_after_twenty_tries_a_network_has_to_wait(client: Client, db: None) -> None:
    answers = [look_up(client, f"2222{number:04}", "WRONG").status_code for number in range(21)]
    assert answers == [200] * 20 + [429]


# --- Nobody else's ---


@pytest.mark.parametrize("page", PAGES)
def test_who_proved_one_sees_no_other(proved: Client, confirmed: Reservation, service: Service, page: str) -> None:
    others = [
        confirm_by_link(request(service, who="other@mail.example", starts_at=jst(6, 2, 14)), now=NOW),
        ReservationFactory.create(starts_at=jst(6, 2, 15)),
    ]
    for other in others:
        assert "/accounts/login/" in proved.get(url(page, other)).url
        assert proved.post(url("cancel", other)).status_code == HTTPStatus.FOUND
        other.refresh_from_db()
        assert other.status == ReservationStatus.CONFIRMED
    somebody = SeekerFactory.create()
    agree_to_all(somebody)
    proved.force_login(somebody)
    for other in others:
        assert proved.get(url(page, other)).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_the_uuid_is_no_key(client: Client, confirmed: Reservation, page: str) -> None:
    """It stands in every calendar file."""
    for salt_free in (confirmed.uuid.hex, str(confirmed.uuid), token_of(confirmed, CONFIRMS)):
        assert client.get(reverse("booking:guest_page", args=[salt_free])).status_code == 404
        assert "/accounts/login/" in client.get(reverse(f"booking:{page}", args=[salt_free])).url


def test_who_typed_the_address_alone_sees_nothing(way: Way) -> None:
    """The mail may be somebody else's, who then confirms it."""
    way.type()
    way.ask()
    reservation = Reservation.objects.get()
    Client().post(reverse("booking:link", args=[token_of(reservation, CONFIRMS)]))
    for page in PAGES:
        assert "/accounts/login/" in way.client.get(url(page, reservation)).url


def test_an_account_of_the_same_address_sees_it_only_with_the_proof(client: Client, confirmed: Reservation) -> None:
    seeker = SeekerFactory.create(email=MAIL)
    agree_to_all(seeker)
    client.force_login(seeker)
    assert client.get(url("reservation", confirmed)).status_code == 404
    look_up(client, confirmed.number, passcode_of(confirmed))
    assert client.get(url("reservation", confirmed)).status_code == 200


def test_leaving_forgets(proved: Client, confirmed: Reservation) -> None:
    assert "照会を終わる" in proved.get(url("reservation", confirmed)).content.decode()
    assert proved.get(reverse("booking:guest_leave")).status_code == 405
    proved.post(reverse("booking:guest_leave"))
    assert "/accounts/login/" in proved.get(url("reservation", confirmed)).url


def test_a_proof_begins_a_new_session(client: Client, confirmed: Reservation) -> None:
    client.get(reverse("booking:look_up"))
    session = client.session
    session["known"] = "before"
    session.save()
    client.cookies["sessionid"] = session.session_key
    look_up(client, confirmed.number, passcode_of(confirmed))
    assert client.session.session_key != session.session_key


# --- What a guest may do ---


@pytest.mark.requirement("S-33")
def test_a_guest_cancels_in_the_portal(proved: Client, confirmed: Reservation) -> None:
    assert "取り消しますか" in proved.get(url("cancel", confirmed)).content.decode()
    proved.post(url("cancel", confirmed))
    confirmed.refresh_from_db()
    assert confirmed.status == ReservationStatus.CANCELLED_BY_SEEKER
    assert ReservationEvent.objects.filter(reservation=confirmed).last().actor is None  # type: ignore[union-attr]
    assert OutgoingMail.objects.filter(kind="cancelled_by_seeker", to=MAIL).exists()


CUT_OFF = pytest.mark.parametrize(
    ("moment", "can_cancel"),
    [(jst(6, 1, 23, 59, 59), True), (jst(6, 2), False)],
    ids=["last second", "cut-off"],
)


@pytest.mark.requirement("S-33", "S-34")
@CUT_OFF
def test_until_the_cut_off_then_by_phone(
    client: Client, service: Service, freeze: Any, moment: datetime, can_cancel: bool
) -> None:
    change_rules(service, cancel_closes_days_before=1)
    reservation = confirm_by_link(request(service), now=NOW)
    freeze(moment)
    look_up(client, reservation.number, passcode_of(reservation))
    page = client.get(url("reservation", reservation)).content.decode()
    assert ("取消へ進む" in page) is can_cancel
    assert service.office.phone in page
    answer = client.post(url("cancel", reservation))
    reservation.refresh_from_db()
    assert (reservation.status == ReservationStatus.CANCELLED_BY_SEEKER) is can_cancel
    if not can_cancel:
        assert answer.status_code == HTTPStatus.CONFLICT
        assert "お電話ください" in answer.content.decode()


@pytest.mark.requirement("S-34")
def test_by_phone_or_mail_where_the_office_says_so(client: Client, service: Service) -> None:
    change_rules(service, cancel_channel=CancelChannel.PHONE_OR_MAIL)
    reservation = confirm_by_link(request(service), now=NOW)
    look_up(client, reservation.number, passcode_of(reservation))
    assert "電話かメール" in client.get(url("cancel", reservation)).content.decode()


def test_a_guest_joins_without_an_account(client: Client, confirmed: Reservation, freeze: Any) -> None:
    open_meeting(confirmed)
    freeze(jst(6, 2, 9, 55))
    client.get(reverse("booking:guest_page", args=[token_of(confirmed, OPENS)]))
    assert client.post(url("join", confirmed)).url.startswith("https://zoom.us/j/85746065432")
    confirmed.refresh_from_db()
    assert confirmed.status == ReservationStatus.CHECKED_IN


def test_a_guest_moves_the_reservation(proved: Client, confirmed: Reservation) -> None:
    other = jst(6, 2, 14)
    assert proved.post(url("move", confirmed), {"start": other.isoformat()}).url == url("reservation", confirmed)
    confirmed.refresh_from_db()
    assert confirmed.starts_at == other


def test_the_calendar_file_leads_to_the_page_without_sign_in(proved: Client, confirmed: Reservation) -> None:
    file = proved.get(url("calendar_file", confirmed)).content.decode().replace("\r\n ", "")
    assert reverse("booking:guest_page", args=[token_of(confirmed, OPENS)]) in file


@pytest.mark.parametrize("page", ["booking:start", "account_login"])
def test_the_way_back_is_found_from(client: Client, db: None, page: str) -> None:
    assert reverse("booking:look_up") in client.get(reverse(page)).content.decode()


@pytest.mark.django_db
def test_a_mistyped_link_leads_to_the_look_up(client):
    answer = client.get(f"/guest/link/{'0' * 32}.wrong/")
    assert answer.status_code == 404
    assert 'href="/guest/"' in answer.content.decode().split("<main")[1]
