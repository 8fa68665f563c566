"""The whole ceremony of a passkey, with Chromium's virtual authenticator in place of a finger on a sensor."""

import pytest
from allauth.mfa.models import Authenticator

from tests.accounts.test_pages_in_browser import assert_accessible
from tests.factories import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("J-16")]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def device(page):
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def give_password(page, person):
    page.get_by_label("メールアドレス").fill(person.email)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログインする").click()


def test_staff_register_a_passkey_and_open_the_admin_with_password_and_passkey(
    page, live_server, device, administrator
):
    page.goto(f"{live_server.url}/admin/")
    give_password(page, administrator)
    assert "職員用画面を開くには、2段階認証の設定が必要です" in page.inner_text("main")

    page.get_by_role("link", name="パスキーを登録する").click()
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="確認する").click()
    page.get_by_label("パスキーの名前").fill("職場のパソコン")
    page.get_by_role("button", name="登録する").click()
    page.wait_for_url("**/recovery-codes/**")
    assert Authenticator.objects.get(type="webauthn").wrap().name == "職場のパソコン"

    assert_accessible(page)
    page.get_by_role("link", name="職員用画面へ進む").click()
    assert_accessible(page)
    page.get_by_role("button", name="パスキーで確認する").click()
    page.wait_for_url(f"{live_server.url}/admin/")

    page.get_by_role("button", name="ログアウト").click()
    page.goto(f"{live_server.url}/admin/")
    give_password(page, administrator)
    assert_accessible(page)
    page.get_by_role("button", name="パスキーで確認する").click()
    page.wait_for_url(f"{live_server.url}/admin/")
    assert page.get_by_role("button", name="ログアウト").is_visible()

    for path in ("/accounts/2fa/", "/accounts/2fa/webauthn/"):
        page.goto(live_server.url + path)
        assert_accessible(page)
