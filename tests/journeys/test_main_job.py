"""The main job in Chromium, with JavaScript and without: from the address to the Zoom link, and the cancellation."""

import re
from collections.abc import Callable
from functools import partial

import icalendar
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from booking.enums import ReservationStatus
from booking.models import Reservation
from offices.models import Office
from tests.factories import PASSWORD
from tests.journeys.conftest import Portal

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESS = "hanako@mail.example"


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def visitor(request: pytest.FixtureRequest, browser_context: Callable[..., object]) -> Page:
    """Somebody on a phone of 360 pixels."""
    has_scripts = request.param == "with JavaScript"
    context = browser_context(java_script_enabled=has_scripts, viewport={"width": 360, "height": 740})
    return context.new_page()


@pytest.mark.requirement("J-09", "J-10", "J-11", "K-17", "K-18", "K-20", "H-03", "K-23")
def test_from_the_address_to_the_link_and_back(portal: Portal, visitor: Page, accessible: Callable[..., None]) -> None:
    page = visitor
    checked = partial(accessible, has_scripts=_has_scripts(page))
    _register(portal, page, checked)
    _book(portal, page, checked)
    reservation = Reservation.objects.get()
    assert reservation.status == ReservationStatus.CONFIRMED
    _confirmation_has_everything(portal, page, reservation, checked)
    _cancel(portal, page, reservation, checked)


def _has_scripts(page: Page) -> bool:
    page.set_content("<noscript><p>off</p></noscript>")
    return page.locator("p").count() == 0


def _register(portal: Portal, page: Page, checked: Callable[[Page], None]) -> None:
    page.goto(portal.url)
    checked(page)
    page.get_by_role("link", name=Office.objects.get().name).first.click()
    checked(page)
    page.get_by_role("link", name="空いている時間を見る").click()
    checked(page)
    page.get_by_role("button", name="この時間を選ぶ").click()
    checked(page)  # sign-in
    page.get_by_role("main").get_by_role("link", name="はじめての方（利用者登録）").click()
    expect(page.get_by_role("main")).to_contain_text(settings.MAIL_FROM)
    checked(page)
    page.get_by_label("メールアドレス").fill(ADDRESS)
    page.get_by_role("button", name="登録用のURLを受け取る").click()
    checked(page)
    page.goto(portal.link(portal.mail(ADDRESS, "登録"), "/accounts/register/link/"))
    checked(page)
    page.get_by_role("main").get_by_role("button").click()
    checked(page)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_label("氏名").fill("髙﨑 花子")
    page.get_by_label("ふりがな").fill("たかさき はなこ")
    page.get_by_label("郵便番号").fill("100-8916")
    page.get_by_label("住所").fill("東京都千代田区霞が関1-2-2")
    page.get_by_label("電話番号").fill("０９０ー１２３４ー５６７８")
    page.get_by_label("求職番号").fill("１３０１０－００１２３４５６")
    page.get_by_role("button", name="この内容で登録する").click()
    expect(page).to_have_title(_begins_with("エラー："))  # the terms box is unticked
    checked(page)
    expect(page.get_by_label("氏名")).to_have_value("髙﨑 花子")
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="この内容で登録する").click()


def _book(portal: Portal, page: Page, checked: Callable[[Page], None]) -> None:
    if "/times" not in page.url:
        page.goto(portal.url)
        page.get_by_role("link", name=Office.objects.get().name).first.click()
        page.get_by_role("link", name="空いている時間を見る").click()
    page.get_by_role("button", name="この時間を選ぶ").click()
    checked(page)
    expect(page.get_by_label("氏名")).to_have_value("髙﨑 花子")
    expect(page.get_by_label("電話番号")).to_have_value("０９０ー１２３４ー５６７８")  # as typed
    page.get_by_label("相談内容").fill("面接の練習をしたい")
    page.get_by_role("button", name="確認へ進む").click()
    expect(page.get_by_text("面接の練習をしたい")).to_be_visible()
    checked(page)
    page.get_by_role("button", name="この内容で予約する").click()
    expect(page).to_have_title(_begins_with("エラー："))  # both boxes are unticked
    checked(page)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="この内容で予約する").click()
    checked(page)
    expect(page.get_by_role("main")).to_contain_text(Reservation.objects.get().display_number)


def _confirmation_has_everything(
    portal: Portal, page: Page, reservation: Reservation, checked: Callable[[Page], None]
) -> None:
    mail = portal.mail(ADDRESS, "予約")
    text = portal.text(mail)
    meeting = reservation.meetings.get()
    assert str(mail["Subject"]).startswith("【ハローワーク】")
    for fact in (reservation.display_number, meeting.display_id, meeting.passcode, reservation.office.phone):
        assert fact
        assert fact in text
    assert "面接の練習" not in text
    invitation = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    event = icalendar.Calendar.from_ical(invitation.get_content()).walk("VEVENT")[0]
    assert event.decoded("DTSTART") == reservation.starts_at
    assert len(portal.zoom.meetings) == 1
    page.goto(portal.link(mail, "/reservations/"))
    expect(page.get_by_role("main")).to_contain_text(meeting.display_id)
    checked(page)


def _cancel(portal: Portal, page: Page, reservation: Reservation, checked: Callable[[Page], None]) -> None:
    page.get_by_role("main").get_by_role("link", name="取消へ進む").click()
    checked(page)
    page.get_by_role("main").get_by_role("button", name="この予約を取り消す").click()
    checked(page)
    mail = portal.mail(ADDRESS, "取り消しました")
    calendar = next(part for part in mail.walk() if part.get_content_type() == "text/calendar")
    assert "METHOD:CANCEL" in calendar.get_content()
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED_BY_SEEKER
    portal.wait_until(lambda: portal.zoom.meetings == [])
    page.goto(portal.url + "/mypage/")
    checked(page)


def _begins_with(text: str) -> re.Pattern[str]:
    return re.compile(f"^{text}")
