"""The person reads on the portal that mails do not arrive; nothing there promises that one did."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import MailKind
from booking.flows.reach import correct_address
from booking.guest_access import OPENS, token_of
from booking.models import Guest
from demo.addresses import REPOSITORY
from mailing.models import MailState
from tests.bounces.lost import lost
from tests.factories import NOW, ReservationFactory
from tests.staff.conftest import now, world

__all__ = ["now", "world"]
PAGES = REPOSITORY / "templates" / "booking"
HINT = "お知らせのメールが届いていません"


@pytest.fixture
def seeker(world) -> Client:
    browser = Client()
    browser.force_login(world.reservation.seeker)
    return browser


def pages(browser, world) -> list[str]:
    """My page and the page of the reservation."""
    paths = [reverse("booking:my_page"), world.reservation.get_absolute_url()]
    return [browser.get(path).content.decode() for path in paths]


@pytest.mark.requirement("X-06")
def test_the_person_is_told_that_the_booking_stands_and_where_to_mend_the_address(world, seeker):
    lost(world.reservation)
    for page in pages(seeker, world):
        assert HINT in page
        assert "予約や申込みは、そのまま有効です" in page
        assert world.reservation.seeker.email in page
        assert reverse("account_email") in page


def test_nothing_is_said_while_mails_arrive(world, seeker):
    lost(world.reservation, state=MailState.SENT)
    lost(world.reservation, kind=MailKind.REMINDER_DAY, state=MailState.QUEUED, claimed_at=None)
    assert [HINT in page for page in pages(seeker, world)] == [False, False]


@pytest.mark.parametrize(("first", "last"), [(MailState.BOUNCED, MailState.SENT), (MailState.SENT, MailState.BOUNCED)])
def test_the_last_mail_decides(world, seeker, first, last):
    lost(world.reservation, state=first)
    later = NOW.replace(hour=NOW.hour + 1)
    lost(world.reservation, kind=MailKind.REMINDER_DAY, state=last, claimed_at=later)
    assert [HINT in page for page in pages(seeker, world)] == [last == MailState.BOUNCED] * 2


def test_mails_of_others_are_nothing_to_this_person(world, seeker):
    lost(world.foreign_reservation)
    assert [HINT in page for page in pages(seeker, world)] == [False, False]


def test_the_person_sees_where_the_mails_of_this_reservation_go_now(world, seeker):
    lost(world.reservation)
    correct_address(world.reservation, email="ichiro@right.example", now=NOW)
    page = pages(seeker, world)[1]
    assert "ichiro@right.example" in page
    assert HINT not in page


def test_somebody_without_account_is_asked_to_call(world):
    guest = Guest.objects.create(email="hanako@wrong.example")
    reservation = ReservationFactory(
        service=world.reservation.service, counselor=world.jiro, seeker=None, guest=guest, name="見本 花子"
    )
    lost(reservation)
    browser = Client()
    browser.get(reverse("booking:guest_page", args=[token_of(reservation, OPENS)]), follow=True)
    page = browser.get(reservation.get_absolute_url()).content.decode()
    assert HINT in page
    assert world.office.phone in page
    assert reverse("account_email") not in page


@pytest.mark.requirement("X-06")
def test_no_page_promises_that_a_mail_arrives():
    """We say what we send; whether it arrives is not ours to promise."""
    promising = [path.name for path in PAGES.rglob("*.html") if "メールが届きます" in path.read_text(encoding="utf-8")]
    assert promising == []


@pytest.mark.requirement("X-06")
def test_the_page_after_booking_says_that_it_holds_without_the_mail(world, seeker):
    page = seeker.get(reverse("booking:done", args=[world.reservation.number])).content.decode()
    assert "予約が決まりました" in page
    assert "届かなくても、予約は決まっています" in page
