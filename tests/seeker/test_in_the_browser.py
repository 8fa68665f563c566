"""What only a browser can show: the countdown that is spoken, the focus on errors, small screens."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from booking.models import Reservation
from tests.factories import SeekerFactory, TermsVersionFactory, bookable_service
from tests.seeker.conftest import TYPED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(transactional_db):
    service = bookable_service(counselors=2)
    for document in (service.terms, service.software_terms):
        TermsVersionFactory.create(document=document)
    return service


@pytest.fixture
def open_details(live_server, client, service):
    """Signs a new seeker in, holds the first free time and opens the details in the given page."""

    def open_in(page) -> Reservation:
        client.force_login(SeekerFactory.create())
        cookie = {"name": "session", "value": client.cookies["session"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        page.goto(live_server.url + reverse("booking:times", args=[service.pk]))
        page.get_by_role("button", name="この時間を選ぶ").click()
        return Reservation.objects.holds().get()

    return open_in


def test_the_end_of_the_hold_is_announced_with_five_two_and_one_minute_left(page, open_details):
    page.clock.install()
    open_details(page)
    spoken = page.locator("[data-hold-spoken]")
    expect(spoken).to_have_text("")
    for minutes, words in ((5, "残り5分"), (3, "残り2分"), (1, "残り1分"), (1, "まだ空いていれば")):
        page.clock.run_for(minutes * 60_000)
        expect(spoken).to_contain_text(words)


def test_the_hold_counts_down_in_sight(page, open_details):
    open_details(page)
    expect(page.locator("[data-hold-left]")).to_contain_text("残り 9分5")


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(page, open_details):
    open_details(page)
    page.get_by_label("電話番号").fill("110")
    page.get_by_role("button", name="確認へ進む").click()
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="電話番号を確認してください").click()
    expect(page.get_by_label("電話番号")).to_be_focused()


def test_without_javascript_the_way_is_the_same_and_nothing_useless_is_shown(page_without_javascript, open_details):
    page = page_without_javascript
    held = open_details(page)
    for name, value in TYPED.items():
        page.locator(f"#id_{name}").fill(value)
    page.get_by_role("button", name="確認へ進む").click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="この内容で予約する").click()
    held.refresh_from_db()
    expect(page.get_by_text(held.display_number)).to_be_visible()
    expect(page.get_by_text("印刷する")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_scrolls_sideways_and_axe_finds_nothing(browser_context, open_details, live_server, service, width):
    page = browser_context(viewport={"width": width, "height": 640}).new_page()
    held = open_details(page)
    office, pk, number = service.office.number, service.pk, held.number
    paths = ["/", "/help/", "/accessibility/", f"/offices/{office}/", f"/services/{pk}/", f"/services/{pk}/times/"]
    start = held.starts_at.isoformat().replace("+", "%2B")
    paths += [f"/services/{pk}/hold/?start={start}", f"/services/{pk}/taken/?start={start}"]
    paths += [f"/reservations/{number}/details/", "/mypage/", "/nowhere/"]
    for path in paths:
        page.goto(live_server.url + path)
        is_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(is_wide), path
        results = Axe().run(page)
        assert results.violations_count == 0, f"{path}\n{results.generate_report()}"
