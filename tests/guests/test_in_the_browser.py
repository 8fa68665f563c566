"""A guest's whole way in Chromium, with JavaScript and without: from the times to the mail, the passcode, the cancellation."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from booking.enums import BookingWay, ReservationStatus
from booking.guest_access import passcode_of
from booking.models import Reservation, Service
from tests.factories import change_rules
from tests.guests.conftest import MAIL
from tests.journeys.conftest import Portal, accessible, portal, zoom_stand_in

__all__ = ["accessible", "portal", "zoom_stand_in"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def visitor(request: pytest.FixtureRequest, browser_context: Callable[..., object]) -> Page:
    """Somebody on a phone of 360 pixels."""
    has_scripts = request.param == "with JavaScript"
    context = browser_context(java_script_enabled=has_scripts, viewport={"width": 360, "height": 740})
    return context.new_page()


@pytest.fixture
def by_link(portal: Portal) -> Service:
    """The service of the portal is booked by mail link, since long ago."""
    service = Service.objects.get()
    change_rules(service, in_force_on=date(2026, 1, 2), way=BookingWay.MAIL_LINK)
    return service


@pytest.mark.requirement("S-30", "S-31", "S-32", "S-33")
def test_from_the_times_to_the_cancellation(
    portal: Portal, by_link: Service, visitor: Page, accessible: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    page, has_scripts = visitor, "without" not in request.node.callspec.id
    checked = partial(accessible, page, has_scripts=has_scripts)
    _ask(portal, by_link, page, checked)
    page.goto(portal.link(portal.mail(MAIL, "メールアドレスの確認"), "/guest/link/"))
    checked()
    page.get_by_role("button", name="この予約を確定する").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("予約が決まりました")
    checked()
    reservation = Reservation.objects.get()
    assert reservation.status == ReservationStatus.CONFIRMED
    expect(page.get_by_role("main")).to_contain_text(passcode_of(reservation))
    page.get_by_role("button", name="照会を終わる").click()
    _look_up(page, reservation, checked)
    _cancel(page, checked)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED_BY_SEEKER
    mail = portal.mail(MAIL, "予約を取り消しました")
    assert reservation.display_number in portal.text(mail)


def _ask(portal: Portal, service: Service, page: Page, checked: Callable[[], None]) -> None:
    page.goto(f"{portal.url}/services/{service.pk}/times/")
    checked()
    page.get_by_role("button", name="この時間を選ぶ").click()
    checked()
    page.get_by_role("button", name="確認へ進む").click()
    expect(page.get_by_text("入力内容を確かめてください")).to_be_visible()
    checked()
    page.get_by_label("氏名").fill("髙﨑 花子")
    page.get_by_label("ふりがな").fill("たかさき はなこ")
    page.get_by_label("メールアドレス").fill(MAIL)
    page.get_by_label("電話番号").fill("０９０ー１２３４ー５６７８")
    page.get_by_role("button", name="確認へ進む").click()
    checked()
    for box in page.get_by_role("checkbox").all():
        expect(box).not_to_be_checked()
        box.check()
    page.get_by_role("button", name="確認のメールを受け取る").click()
    expect(page.get_by_role("main")).to_contain_text(MAIL)
    checked()


def _look_up(page: Page, reservation: Reservation, checked: Callable[[], None]) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text("予約の照会")
    checked()
    page.get_by_label("予約番号").fill(reservation.display_number.lower())
    page.get_by_label("パスワード").fill("ABCDE-23456")
    page.get_by_role("button", name="予約を見る").click()
    expect(page.get_by_role("main")).to_contain_text("見つかりません")
    checked()
    page.get_by_label("パスワード").fill(passcode_of(reservation).lower())
    page.get_by_role("button", name="予約を見る").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("予約の内容")
    checked()


def _cancel(page: Page, checked: Callable[[], None]) -> None:
    page.get_by_role("link", name="取消へ進む").click()
    checked()
    page.get_by_role("button", name="この予約を取り消す").click()
    expect(page.get_by_role("main")).to_contain_text("取り消されています")
    checked()
