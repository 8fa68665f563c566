"""Every page of accounts in Chromium: axe finds nothing, and nothing breaks the Content-Security-Policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.accounts.conftest import newest_mail, url_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = ["/accounts/login/", "/accounts/register/", "/accounts/password/reset/", "/accounts/password/reset/done/"]
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


def assert_accessible(page):
    results = Axe().run(page)
    assert not results.response["violations"], results.generate_report()


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages(page, live_server, path):
    page.goto(live_server.url + path)
    assert_accessible(page)


def test_pages_of_the_registration(page, live_server, portal_terms, office):
    page.goto(f"{live_server.url}/accounts/register/")
    page.get_by_label("メールアドレス").fill("hanako@mail.example")
    page.get_by_role("button", name="登録用のURLを受け取る").click()
    assert_accessible(page)
    page.goto(live_server.url + url_in(newest_mail("hanako@mail.example"), "/register/link/"))
    assert_accessible(page)
    page.get_by_role("button", name="確認して登録に進む").click()
    assert_accessible(page)
    page.get_by_role("button", name="この内容で登録する").click()
    assert page.title().strip().startswith("エラー：")
    assert_accessible(page)


def test_pages_of_a_signed_in_person(page, live_server, seeker):
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("メールアドレス").fill(seeker.email)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログインする").click()
    page.goto(f"{live_server.url}/accounts/reauthenticate/")
    assert_accessible(page)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="確認する").click()
    for path in OWN:
        page.goto(live_server.url + path)
        assert page.url == live_server.url + path
        assert_accessible(page)
