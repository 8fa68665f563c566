"""What a stranger can do with somebody else's address, number or browser."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.guest_access import CONFIRMS, OPENS, passcode_of, token_of
from booking.mails.entry import REPLIES
from booking.models import Reservation
from mailing.models import OutgoingMail
from tests.factories import ReservationFactory, SeekerFactory, jst
from tests.guests.conftest import Way, asked, confirmed, now, service, way

__all__ = ["asked", "confirmed", "now", "service", "way"]


def test_no_token_serves_another_purpose(client, confirmed: Reservation) -> None:
    for salt, name in (
        (CONFIRMS, "guest_page"),
        (OPENS, "link"),
        (REPLIES, "link"),
        (REPLIES, "guest_page"),
        (OPENS, "reply"),
    ):
        assert client.get(reverse(f"booking:{name}", args=[token_of(confirmed, salt)])).status_code == 404


def test_addresses_in_other_letters_count_as_one(client, service, settings) -> None:
    settings.LINK_RATE_LIMITS = {"ip": "100/hour", "address": "2/hour"}
    answers = []
    for address in ("a@mail.example", "A@mail.example", "a@MAIL.example"):
        way = Way(Client(), service)
        way.type(email=address)
        answers.append(way.ask().status_code)
    assert answers == [302, 302, 429]


@pytest.mark.parametrize(
    "email", ["a@mail.example\nBcc: b@mail.example", "a@mail.example,b@mail.example", "a@mail.example\r\n"]
)
def test_an_address_is_one_address(way, email) -> None:
    way.type(email=email)
    way.ask(ticks=[])
    assert not OutgoingMail.objects.filter(to__contains="b@").exists()


def test_somebody_elses_account_is_not_read_by_its_number(client, service) -> None:
    other = ReservationFactory.create(service=service, seeker=SeekerFactory.create(), starts_at=jst(6, 3, 10))
    sent = {"number": other.number, "passcode": passcode_of(other)}
    assert client.post(reverse("booking:look_up"), sent).status_code == 200
    for name in ("reservation", "guest_done", "cancel", "move", "join", "calendar_file", "consent_again"):
        assert client.get(reverse(f"booking:{name}", args=[other.number])).status_code in (302, 404)


def test_after_leaving_nothing_is_open(client, confirmed: Reservation) -> None:
    client.get(reverse("booking:guest_page", args=[token_of(confirmed, OPENS)]))
    assert client.get(confirmed.get_absolute_url()).status_code == 200
    client.post(reverse("booking:guest_leave"))
    assert client.get(confirmed.get_absolute_url()).status_code == 302


def test_pages_behind_a_token_tell_it_to_no_other_site(client, asked: Reservation) -> None:
    answer = client.get(reverse("booking:link", args=[token_of(asked, CONFIRMS)]))
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "no-store" in answer["Cache-Control"]
