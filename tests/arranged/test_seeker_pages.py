"""Asking and answering through the pages."""

from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from booking.enums import BookingWay, RequestState, ReservationStatus, Standing
from booking.flows.arrange import propose, refuse_request
from booking.flows.lapse import lapse
from booking.models import Reservation, SessionRequest
from terms.consent import portal_documents
from terms.models import TermsKind
from tests.arranged.conftest import TEN
from tests.factories import (
    NOW,
    EmployerFactory,
    SeekerFactory,
    TermsDocumentFactory,
    TermsVersionFactory,
    UserFactory,
    bookable_service,
    jst,
)
from tests.seeker.conftest import TYPED, agree

WISHED = {"day_1": "2026-06-03", "time_1": "10:00", "day_2": "2026-06-04", "time_2": "14:00"}
OTHER = jst(6, 8, 15)


@pytest.fixture
def seeker(db) -> Any:
    TermsVersionFactory(document=TermsDocumentFactory(kind=TermsKind.PORTAL))
    seeker = SeekerFactory(email="seeker@mail.example")
    agree(seeker, portal_documents())
    return seeker


@pytest.fixture
def browser(client: Client, seeker) -> Client:
    client.force_login(seeker)
    return client


def form_url(service) -> str:
    return reverse("booking:request_form", args=[service.pk])


def check_url(service) -> str:
    return reverse("booking:request_check", args=[service.pk])


def typed(browser: Client, service, **changes: Any) -> Any:
    return browser.post(form_url(service), {**TYPED, **WISHED, **changes}, follow=True)


def sent(browser: Client, service) -> Any:
    boxes = browser.get(check_url(service)).context["form"].fields
    return browser.post(check_url(service), dict.fromkeys(boxes, "on"), follow=True)


def shown(browser: Client, asked: SessionRequest) -> str:
    return browser.get(asked.get_absolute_url()).content.decode()


def answered(browser: Client, asked: SessionRequest, answer: str, place: str | None = None) -> str:
    asked.refresh_from_db()
    number = asked.reservation.number if place is None and asked.reservation else place or ""
    url = reverse("booking:answer_proposal", args=[asked.number])
    return browser.post(url, {"answer": answer, "place": number}, follow=True).content.decode()


@pytest.fixture
def proposed(ask, counselor) -> SessionRequest:
    asked = ask()
    propose(asked, starts_at=OTHER, counselor=counselor, by=UserFactory(is_staff=True), now=NOW)
    return asked


# --- The way to the page ---


@pytest.mark.requirement("H-25")
@pytest.mark.parametrize(
    ("way", "button"),
    [
        (BookingWay.AT_ONCE, "空いている時間を見る"),
        (BookingWay.MAIL_LINK, "空いている時間を見る"),
        (BookingWay.ARRANGED, "希望の日時を申し込む"),
        (BookingWay.STAFF_ONLY, "電話か窓口で予約を受け付けています"),
    ],
)
def test_the_page_of_a_service_offers_its_way(client, now, way, button):
    service = bookable_service(way=way)
    for page in (
        reverse("booking:service", args=[service.pk]),
        reverse("booking:office", args=[service.office.number]),
    ):
        text = client.get(page).content.decode()
        assert button in text
        others = {"空いている時間を見る", "希望の日時を申し込む"} - {button}
        assert not [other for other in others if other in text]


@pytest.mark.parametrize("way", [BookingWay.ARRANGED, BookingWay.STAFF_ONLY])
def test_the_times_of_such_a_service_lead_to_its_page(client, now, way):
    service = bookable_service(way=way)
    answer = client.get(reverse("booking:times", args=[service.pk]))
    assert answer.url == reverse("booking:service", args=[service.pk])


def test_only_who_is_signed_in_asks(client, service):
    assert "/accounts/login/" in client.get(form_url(service)).url


def test_a_service_of_another_way_leads_to_its_page(browser, now):
    service = bookable_service()
    assert browser.get(form_url(service)).url == reverse("booking:service", args=[service.pk])
    assert browser.post(check_url(service)).url == reverse("booking:service", args=[service.pk])


# --- Asking ---


@pytest.mark.requirement("H-25")
def test_from_the_form_to_the_number(browser, service, seeker):
    for document in (service.terms, service.software_terms):
        TermsVersionFactory(document=document)
    page = typed(browser, service).content.decode()
    assert "2026年6月3日(水) 10:00" in page
    assert "2026年6月4日(木) 14:00" in page
    assert "応募書類を見てほしい" in page
    assert not SessionRequest.objects.exists()
    done = sent(browser, service).content.decode()
    asked = SessionRequest.objects.get()
    assert asked.display_number in done
    assert "予約は、まだ決まっていません" in done
    assert (asked.seeker, asked.wishes, asked.phone_e164) == (seeker, [TEN, jst(6, 4, 14)], "+819012345678")


def test_without_the_ticks_nothing_is_asked(browser, service):
    TermsVersionFactory(document=service.terms)
    typed(browser, service)
    browser.post(check_url(service))
    assert not SessionRequest.objects.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"day_1": ""}, "第1希望の日を入力してください"),
        ({"time_1": ""}, "第1希望の時刻を選んでください"),
        ({"time_2": ""}, "第2希望は、日と時刻の両方を入力してください"),
        ({"day_2": ""}, "第2希望は、日と時刻の両方を入力してください"),
        ({"day_1": "2026-06-01"}, "締め切りました"),
        ({"day_1": "2026-07-02"}, "6月2日(火) 0:00に始まります"),
        ({"day_1": "2026-06-06"}, "この時間は受け付けていません"),
        ({"day_2": "2026-06-03", "time_2": "10:00"}, "同じ日時を2つ希望しています"),
        ({"day_1": "えっ"}, "第1希望の日を入力してください"),
        ({"day_1": "9999-12-31"}, "始まります"),
        ({"name": ""}, "氏名を入力してください"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(browser, service, changes, says):
    page = typed(browser, service, **changes).content.decode()
    assert "入力内容を確かめてください" in page
    assert says in page
    assert "応募書類を見てほしい" in page
    assert browser.get(check_url(service)).status_code == HTTPStatus.FOUND


def test_the_free_times_are_shown_as_a_help(browser, service):
    page = browser.get(form_url(service)).content.decode()
    assert "いま空いている時間を参考に見る" in page


def test_a_second_request_leads_to_the_open_one(browser, service, ask):
    asked = ask()
    answer = browser.get(form_url(service), follow=True)
    assert answer.redirect_chain[-1][0] == asked.get_absolute_url()
    assert "すでに申込み中" in answer.content.decode()


def test_a_draft_of_yesterday_is_judged_anew(browser, service, freeze):
    typed(browser, service, day_2="", time_2="")
    freeze("2026-06-03 09:00")
    browser.post(check_url(service))
    assert not SessionRequest.objects.exists()


# --- Employers ---


@pytest.mark.requirement("S-36")
def test_an_employer_agrees_first_and_then_asks(client, now):
    service = bookable_service(way=BookingWay.ARRANGED, standings=[Standing.EMPLOYER])
    TermsVersionFactory(document=service.terms)
    employer = EmployerFactory()
    client.force_login(employer)
    form = client.get(form_url(service)).content.decode()
    assert "見本商事" in form
    assert "求職番号" not in form
    typed(client, service)
    client.post(check_url(service))
    assert not SessionRequest.objects.exists()
    sent(client, service)
    asked = SessionRequest.objects.get()
    assert (asked.seeker, asked.seeker_number) == (employer, "")
    assert "見本商事" in shown(client, asked)


@pytest.mark.requirement("S-36")
def test_a_job_seeker_is_told_that_the_service_is_for_employers(browser, now):
    service = bookable_service(way=BookingWay.ARRANGED, standings=[Standing.EMPLOYER])
    answer = browser.get(form_url(service), follow=True)
    assert "求人を出している事業所の方のためのものです" in answer.content.decode()


@pytest.mark.requirement("S-36")
def test_services_for_employers_stand_under_their_own_heading(client, now):
    service = bookable_service(way=BookingWay.ARRANGED, standings=[Standing.EMPLOYER])
    page = reverse("booking:office", args=[service.office.number])
    assert "求人者の方" in client.get(page).content.decode()
    bookable_service(office=service.office)
    text = client.get(page).content.decode()
    assert text.index("求人者の方") < text.index(service.name)


# --- The request's page ---


def test_my_page_lists_the_requests_with_their_state(browser, proposed):
    page = browser.get(reverse("booking:my_page")).content.decode()
    assert proposed.display_number in page
    assert "日時を提案しました" in page
    assert "2026年6月4日(木) 10:00" in page


def test_a_proposed_place_is_no_reservation_yet(browser, proposed):
    place = Reservation.objects.get()
    context = browser.get(reverse("booking:my_page")).context
    assert (list(context["coming"]), list(context["past"])) == ([], [])
    assert browser.get(place.get_absolute_url()).url == proposed.get_absolute_url()


@pytest.mark.requirement("H-25")
def test_the_page_asks_for_the_answer_and_tells_until_when(browser, proposed):
    page = shown(browser, proposed)
    assert "この日時で予約する" in page
    assert "2026年6月4日(木) 10:00" in page
    assert "予約が決まりました" in answered(browser, proposed, "accept")
    assert Reservation.objects.get().status == ReservationStatus.CONFIRMED
    assert "予約のページを見る" in shown(browser, proposed)


def test_declining_is_shown_in_the_history(browser, proposed):
    answered(browser, proposed, "decline")
    page = shown(browser, proposed)
    assert "決まらなかったご提案" in page
    assert "ハローワークが日時を調整しています" in page


def test_nobody_agrees_to_a_time_they_have_not_seen(browser, proposed, counselor):
    first = Reservation.objects.get().number
    propose(proposed, starts_at=jst(6, 9, 15), counselor=counselor, by=UserFactory(is_staff=True), now=NOW)
    assert "ご提案の日時が変わりました" in answered(browser, proposed, "accept", place=first)
    proposed.refresh_from_db()
    assert proposed.state == RequestState.PROPOSED


def test_an_answer_that_is_none_changes_nothing(browser, proposed):
    answered(browser, proposed, "perhaps")
    proposed.refresh_from_db()
    assert proposed.state == RequestState.PROPOSED


def test_withdrawing_asks_once_more_and_ends_it(browser, proposed):
    page = browser.post(reverse("booking:withdraw_request", args=[proposed.number]), follow=True).content.decode()
    assert "申込みを取り下げました" in page
    assert "取り下げると" not in page


@pytest.mark.requirement("H-16")
def test_the_reason_of_a_refusal_stands_on_the_page(browser, ask):
    asked = ask()
    refuse_request(asked, by=UserFactory(is_staff=True), reason="窓口での相談をお願いします", now=NOW)
    assert "窓口での相談をお願いします" in shown(browser, asked)


def test_a_lapsed_request_says_so(browser, proposed):
    lapse(Reservation.objects.get().pk, now=jst(6, 4, 10))
    assert "期限が過ぎたため" in shown(browser, proposed)


@pytest.mark.parametrize("name", ["request", "request_done"])
def test_nobody_sees_the_request_of_somebody_else(client, seeker, proposed, name):
    stranger = SeekerFactory()
    agree(stranger, portal_documents())
    client.force_login(stranger)
    assert client.get(reverse(f"booking:{name}", args=[proposed.number])).status_code == HTTPStatus.NOT_FOUND
