"""The waiting list through HTTP: join, stand in line, answer, leave; and what a stranger is told."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import BookingWay, ReservationStatus, WaitingState
from booking.flows.cancel import cancel_by_seeker
from booking.flows.offering import offer_free_places
from booking.models import Reservation, Service, WaitingEntry
from booking.periodic import release_expired_holds, serve_waiting_lines
from tests.factories import NOW, SeekerFactory, TermsVersionFactory, change_rules, jst
from tests.seeker.conftest import Way
from tests.waiting.conftest import FRIDAY, TEN, TUESDAY, Join

pytestmark = pytest.mark.usefixtures("now")
BrowserOf = Callable[[Any], Client]
DAYS = {"first_day": TUESDAY.isoformat(), "last_day": FRIDAY.isoformat()}


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def client(browser_of: BrowserOf) -> Client:
    """Signed in as somebody who may book."""
    return browser_of(SeekerFactory.create())


@pytest.fixture
def offered(join: Join, service: Service, taken: Reservation) -> WaitingEntry:
    entry = join()
    cancel_by_seeker(taken, by=taken.seeker, now=NOW)
    offer_free_places(service, now=NOW)
    entry.refresh_from_db()
    return entry


def join_url(service: Service) -> str:
    return reverse("booking:join_line", args=[service.pk])


def test_the_page_of_the_times_leads_to_the_line(client: Client, service: Service) -> None:
    page = client.get(reverse("booking:times", args=[service.pk]))
    assert join_url(service) in text_of(page)
    change_rules(service, has_waiting_list=False)
    page = client.get(reverse("booking:times", args=[service.pk]))
    assert join_url(service) not in text_of(page)


def test_whoever_is_not_signed_in_is_told_and_sent_to_sign_in(browser_of: BrowserOf, service: Service) -> None:
    stranger = Client()
    page = stranger.get(reverse("booking:times", args=[service.pk]))
    assert "空き待ちには、ログインまたは利用者登録が必要です。" in text_of(page)
    assert stranger.get(join_url(service)).url.startswith(reverse("account_login"))
    assert stranger.post(join_url(service), DAYS).status_code == HTTPStatus.FOUND
    assert not WaitingEntry.objects.exists()


def test_joining_shows_the_position(client: Client, service: Service, join: Join) -> None:
    join()
    join()
    answer = client.post(join_url(service), DAYS, follow=True)
    assert "あなたの順番: 3番目" in text_of(answer)
    assert "あなたの順番: 3番目" in text_of(client.get(reverse("booking:my_page")))


def test_joining_again_leads_to_the_entry(client: Client, service: Service) -> None:
    client.post(join_url(service), DAYS)
    entry = WaitingEntry.objects.get()
    for answer in (client.get(join_url(service)), client.post(join_url(service), DAYS)):
        assert answer.url == entry.get_absolute_url()
    assert WaitingEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("days", "words"),
    [
        pytest.param({"first_day": "", "last_day": ""}, "いつから待つか、日付を入力してください。", id="nothing typed"),
        pytest.param({**DAYS, "first_day": "あした"}, "2026-05-07 のように入力してください。", id="no date"),
        pytest.param({**DAYS, "last_day": "2026-06-01"}, "予約できない日だけの期間は受け付けられません。", id="closed"),
        pytest.param({**DAYS, "last_day": "9999-12-31"}, "予約できない日だけの期間は受け付けられません。", id="far"),
        pytest.param({"first_day": "0001-01-01", "last_day": "0001-01-02"}, "受け付けられません。", id="long past"),
        pytest.param({**DAYS, "counselor": "999999"}, "正しく選択してください", id="unknown counselor"),
    ],
)
def test_what_is_wrong_is_told_on_the_form(client: Client, service: Service, days: dict[str, str], words: str) -> None:
    answer = client.post(join_url(service), days)
    assert answer.status_code == HTTPStatus.OK
    assert words in text_of(answer)
    assert not WaitingEntry.objects.exists()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"has_waiting_list": False}, "空き待ちを受け付けていません"),
        ({"way": BookingWay.ARRANGED}, "空き待ちを受け付けていません"),
        ({"standings": ["recognised"]}, "ハローワークが利用を認めた方"),
    ],
)
def test_a_forged_request_to_join_is_refused(
    client: Client, service: Service, rules: dict[str, object], words: str
) -> None:
    change_rules(service, **rules)
    assert words in text_of(client.get(join_url(service)))
    answer = client.post(join_url(service), DAYS)
    assert (answer.status_code, words in text_of(answer)) == (HTTPStatus.CONFLICT, True)
    assert not WaitingEntry.objects.exists()


@pytest.mark.parametrize("name", ["waiting", "take_offer", "decline_offer", "leave_line"])
def test_the_entry_of_another_person_does_not_exist(client: Client, offered: WaitingEntry, name: str) -> None:
    address = reverse(f"booking:{name}", args=[offered.pk])
    send = client.get if name == "waiting" else client.post
    assert send(address).status_code == HTTPStatus.NOT_FOUND
    offered.refresh_from_db()
    assert offered.state == WaitingState.OFFERED


def test_the_offered_row_of_another_person_cannot_be_booked(client: Client, offered: WaitingEntry) -> None:
    assert offered.reservation is not None
    for name in ("details", "check", "release", "reservation", "cancel"):
        address = reverse(f"booking:{name}", args=[offered.reservation.number])
        assert client.post(address).status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)


def test_the_offer_is_not_booked_without_being_taken(browser_of: BrowserOf, offered: WaitingEntry) -> None:
    """A forged request straight to the check: the row is not held."""
    assert offered.reservation is not None
    browser = browser_of(offered.seeker)
    for name in ("details", "check"):
        browser.post(reverse(f"booking:{name}", args=[offered.reservation.number]), {"name": "x"})
    offered.reservation.refresh_from_db()
    assert offered.reservation.status == ReservationStatus.OFFERED


def test_answering_needs_a_post(browser_of: BrowserOf, offered: WaitingEntry) -> None:
    browser = browser_of(offered.seeker)
    for name in ("take_offer", "decline_offer"):
        answer = browser.get(reverse(f"booking:{name}", args=[offered.pk]))
        assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("way_of_booking", [BookingWay.AT_ONCE, BookingWay.MAIL_LINK])
def test_the_way_from_the_offer_to_the_reservation(
    browser_of: BrowserOf, offered: WaitingEntry, way_of_booking: BookingWay
) -> None:
    """Whoever is signed in needs no link by mail."""
    change_rules(offered.service, way=way_of_booking)
    for document in (offered.service.terms, offered.service.software_terms):
        TermsVersionFactory.create(document=document)
    browser = browser_of(offered.seeker)
    page = text_of(browser.get(offered.get_absolute_url()))
    assert "この時間を予約する" in page
    assert "2026年6月1日(月) 12:00" in page
    answer = browser.post(reverse("booking:take_offer", args=[offered.pk]))
    held = Reservation.objects.get(starts_at=TEN, status=ReservationStatus.HELD)
    assert answer.url == reverse("booking:details", args=[held.number])
    assert "予約の続きをする" in text_of(browser.get(offered.get_absolute_url()))
    way = Way(browser, offered.service)
    way.type(held)
    way.confirm(held)
    held.refresh_from_db()
    offered.refresh_from_db()
    assert (held.status, offered.state) == (ReservationStatus.CONFIRMED, WaitingState.BOOKED)
    assert "空き待ち" not in text_of(browser.get(reverse("booking:my_page")))


@pytest.mark.parametrize(
    ("moment", "is_late"),
    [
        pytest.param(jst(6, 1, 11, 59, 59), False, id="11:59:59"),
        pytest.param(jst(6, 1, 12), True, id="noon"),
        pytest.param(jst(6, 1, 12, 0, 1), True, id="a second past noon"),
    ],
)
@pytest.mark.parametrize("is_swept", [True, False])
def test_a_late_click(
    freeze, browser_of: BrowserOf, offered: WaitingEntry, moment: datetime, is_late: bool, is_swept: bool
) -> None:
    browser = browser_of(offered.seeker)
    freeze(moment)
    if is_swept:
        release_expired_holds()
    page = text_of(browser.get(offered.get_absolute_url()))
    assert ("この時間を予約する" in page, "あなたの順番: 1番目" in page) == (not is_late, is_late)
    answer = browser.post(reverse("booking:take_offer", args=[offered.pk]), follow=True)
    assert ("ご案内の期限が過ぎたため" in text_of(answer)) is is_late
    assert Reservation.objects.filter(status=ReservationStatus.HELD).exists() is not is_late


def test_declining_keeps_the_position(browser_of: BrowserOf, offered: WaitingEntry) -> None:
    browser = browser_of(offered.seeker)
    answer = browser.post(reverse("booking:decline_offer", args=[offered.pk]), follow=True)
    assert "空き待ちは続いています" in text_of(answer)
    assert "あなたの順番: 1番目" in text_of(answer)


def test_leaving_is_asked_once_more(browser_of: BrowserOf, offered: WaitingEntry) -> None:
    browser, address = browser_of(offered.seeker), reverse("booking:leave_line", args=[offered.pk])
    assert "順番は最後になります" in text_of(browser.get(address))
    offered.refresh_from_db()
    assert offered.state == WaitingState.OFFERED
    assert "空き待ちを取りやめました" in text_of(browser.post(address, follow=True))
    offered.refresh_from_db()
    assert offered.state == WaitingState.LEFT
    assert browser.get(address).url == offered.get_absolute_url()


def test_the_page_of_an_offered_reservation_leads_to_the_entry(browser_of: BrowserOf, offered: WaitingEntry) -> None:
    assert offered.reservation is not None
    page = browser_of(offered.seeker).get(reverse("booking:reservation", args=[offered.reservation.number]))
    assert page.url == offered.get_absolute_url()


def test_my_page_does_not_show_a_lapsed_offer_as_a_reservation(freeze, browser_of: BrowserOf, offered) -> None:
    browser = browser_of(offered.seeker)
    assert "これまでの予約" not in text_of(browser.get(reverse("booking:my_page")))
    freeze(NOW + timedelta(hours=3))
    release_expired_holds()
    assert "これまでの予約" not in text_of(browser.get(reverse("booking:my_page")))


def test_the_form_proposes_days_that_can_be_booked(client: Client, service: Service) -> None:
    form = client.get(join_url(service)).context["form"]
    assert form.initial["first_day"] == TUESDAY
    assert form.initial["last_day"] == date(2026, 6, 30)


def test_while_a_time_is_free_the_page_says_so_at_the_period(client: Client, service: Service) -> None:
    """Monday the 8th is free: the person books it, or waits for fewer days."""
    answer = client.post(join_url(service), {**DAYS, "last_day": "2026-06-08"})
    assert answer.status_code == HTTPStatus.OK
    assert "いま予約できる時間があります" in answer.context["form"].errors["last_day"][0]
    assert answer.context["form"]["last_day"].value() == "2026-06-08"
    assert not WaitingEntry.objects.exists()


@pytest.mark.parametrize(
    ("moment", "is_too_late"),
    [
        pytest.param(jst(6, 1, 23, 59, 59), False, id="the last second before booking closes"),
        pytest.param(jst(6, 2), True, id="booking has closed"),
    ],
)
def test_no_offer_outlives_the_booking(
    freeze: Any, join: Join, service: Service, taken: Reservation, browser_of: BrowserOf, moment: Any, is_too_late: bool
) -> None:
    """Offered for two days, on the last day on which Tuesday can be booked."""
    change_rules(service, offer_lasts_minutes=2880)
    entry = join()
    cancel_by_seeker(taken, by=taken.seeker, now=NOW)
    offer_free_places(Service.objects.get(pk=service.pk), now=NOW)
    freeze(moment)
    answer = browser_of(entry.seeker).post(reverse("booking:take_offer", args=[entry.pk]))
    assert ("/details/" not in answer.url) is is_too_late


@pytest.mark.parametrize(
    ("moment", "is_offered"),
    [
        pytest.param(jst(6, 1, 20, 59, 59), True, id="the last second of the evening"),
        pytest.param(jst(6, 1, 21), False, id="the rest begins"),
        pytest.param(jst(6, 2, 7, 59, 59), False, id="the last second of the rest"),
        pytest.param(jst(6, 2, 8), True, id="the rest is over"),
    ],
)
def test_the_page_shows_an_offer_only_when_offers_are_made(
    freeze: Any, join: Join, service: Service, browser_of: BrowserOf, moment: Any, is_offered: bool
) -> None:
    """Wednesday's place is freed at that second; the beat looks, then the person."""
    entry = join(first_day=date(2026, 6, 3), last_day=date(2026, 6, 3))
    freed = Reservation.objects.get(service=service, starts_at=jst(6, 3, 10))
    freeze(moment)
    cancel_by_seeker(freed, by=freed.seeker, now=moment)
    serve_waiting_lines()
    page = browser_of(entry.seeker).get(entry.get_absolute_url()).content.decode()
    assert (reverse("booking:take_offer", args=[entry.pk]) in page) is is_offered
