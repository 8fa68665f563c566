"""Every page of accounts in Chromium: axe finds nothing, and nothing breaks the Content-Security-Policy."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.accounts.conftest import newest_mail, url_in
from tests.factories import PASSWORD, EmployerFactory

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = [
    "/accounts/login/",
    "/accounts/login/?next=/mypage/",
    "/accounts/register/",
    "/accounts/register/employer/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
]
OWN = [
    "/accounts/profile/",
    "/accounts/profile/change/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/sessions/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/delete/",
]


EMPLOYER = {
    "事業所名": "見本商事 中央支店",
    "事業所番号": "13011234567",
    "担当者氏名": "採用 学",
    "担当者氏名のふりがな": "さいよう まなぶ",
    "電話番号": "03-1234-5678",
}


def assert_accessible(page):
    page.wait_for_load_state()
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()


def sign_in(page, live_server, person):
    page.goto(f"{live_server.url}/accounts/login/")
    page.locator("#id_login").fill(person.email)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログインする").click()


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages(page, live_server, path):
    page.goto(live_server.url + path)
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/accounts/register/", "/accounts/register/employer/"])
def test_pages_of_the_registration(page, live_server, portal_terms, office, path):
    page.goto(live_server.url + path)
    page.get_by_label("メールアドレス").fill("hanako@mail.example")
    page.get_by_role("button", name="登録用のURLを受け取る").click()
    assert_accessible(page)
    page.goto(live_server.url + url_in(newest_mail("hanako@mail.example"), "/register/link/"))
    assert_accessible(page)
    page.get_by_role("button", name="確認して登録に進む").click()
    assert_accessible(page)
    page.get_by_role("button", name="この内容で登録する").click()
    expect(page).to_have_title(re.compile(r"^\s*エラー："))
    assert_accessible(page)


def test_an_employer_registers_on_a_phone_without_javascript(browser_context, live_server, portal_terms, office):
    page = browser_context(java_script_enabled=False, viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{live_server.url}/accounts/register/")
    page.get_by_role("link", name="事業所の方").click()
    page.get_by_label("メールアドレス").fill("saiyo@company.example")
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="登録用のURLを受け取る").click()
    page.goto(live_server.url + url_in(newest_mail("saiyo@company.example"), "/register/link/"))
    page.get_by_role("button", name="確認して登録に進む").click()
    assert_no_sideways_scroll(page)
    page.locator("#id_password").fill("長いあいことば 2026")
    for label, text in EMPLOYER.items():
        page.get_by_label(re.compile(rf"^\s*{label}(?!の)")).fill(text)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="この内容で登録する").click()
    page.goto(f"{live_server.url}/accounts/profile/")
    assert "1301-123456-7" in page.inner_text("main")
    assert_no_sideways_scroll(page)


def assert_no_sideways_scroll(page):
    """Without scripts in the page: the width that Chromium lays out."""
    widest = max(
        box["x"] + box["width"] for box in (item.bounding_box() for item in page.locator("main *").all()) if box
    )
    assert widest <= 360


def test_pages_of_a_signed_in_person(page, live_server, seeker):
    sign_in(page, live_server, seeker)
    page.goto(f"{live_server.url}/accounts/reauthenticate/")
    assert_accessible(page)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="確認する").click()
    for path in OWN:
        page.goto(live_server.url + path)
        assert page.url == live_server.url + path
        assert_accessible(page)


def test_pages_of_a_signed_in_employer(page, live_server):
    sign_in(page, live_server, EmployerFactory.create())
    for path in ("/accounts/profile/", "/accounts/profile/change/"):
        page.goto(live_server.url + path)
        assert_accessible(page)


# --- Passwords that can be shown --------------------------------------------------------------------------------------


def test_a_password_is_shown_and_hidden_again_by_one_button(page, live_server):
    page.goto(f"{live_server.url}/accounts/login/")
    field = page.locator("#id_password")
    button = page.get_by_role("button", name="パスワードを表示する", exact=True)
    field.fill(PASSWORD)
    assert (field.get_attribute("type"), button.get_attribute("aria-pressed")) == ("password", "false")
    button.press("Space")
    assert (field.get_attribute("type"), button.get_attribute("aria-pressed")) == ("text", "true")
    assert_accessible(page)
    button.press("Space")
    assert (field.get_attribute("type"), button.get_attribute("aria-pressed")) == ("password", "false")
    assert field.input_value() == PASSWORD


def test_a_shown_password_is_sent_as_a_password(page, live_server, seeker):
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("メールアドレス").fill(seeker.email)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="パスワードを表示する").click()
    page.evaluate(
        "document.querySelector('#id_password').form.addEventListener("
        "'submit', () => sessionStorage.setItem('sent as', document.querySelector('#id_password').type))"
    )
    page.get_by_role("button", name="ログインする").click()
    page.wait_for_url("**/mypage/")
    assert page.evaluate("sessionStorage.getItem('sent as')") == "password"


def test_each_password_has_a_button_of_its_own_name(page, live_server, seeker):
    sign_in(page, live_server, seeker)
    page.goto(f"{live_server.url}/accounts/password/change/")
    for name in ("今のパスワードを表示する", "新しいパスワードを表示する"):
        page.get_by_role("button", name=name, exact=True).click()
    assert page.locator("input[type=password]").count() == 0


def test_without_javascript_there_is_no_dead_button(page_without_javascript, live_server, seeker):
    page = page_without_javascript
    page.goto(f"{live_server.url}/accounts/login/")
    assert page.get_by_role("button", name="表示する").count() == 0
    sign_in(page, live_server, seeker)
    page.wait_for_url("**/mypage/")


# --- Signing out ------------------------------------------------------------------------------------------------------


def test_after_signing_out_the_back_button_shows_nothing_personal(page, live_server, seeker):
    sign_in(page, live_server, seeker)
    page.goto(f"{live_server.url}/accounts/profile/")
    assert seeker.email in page.inner_text("main")
    page.get_by_role("button", name="ログアウト").click()
    page.wait_for_load_state()
    page.go_back()
    assert seeker.email not in page.content()
    assert page.url.startswith(f"{live_server.url}/accounts/login/")
