import pytest
from django.test import Client

from accounts.middleware import StaffSecondFactorMiddleware
from tests.accounts.conftest import activate_second_factor, sign_in, sign_in_with_second_factor

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("J-16")]
ADMIN_PAGES = ["/admin/", "/admin/login/", "/admin/accounts/user/", "/admin/nothing-here/"]


@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(client, page):
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=")


def test_the_admins_own_sign_in_is_closed(client, administrator):
    answer = client.post("/admin/login/", {"username": administrator.email, "password": "correct horse 電池"})
    assert answer.url.startswith("/accounts/login/")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_for_a_seeker_there_is_no_admin(client, seeker, page):
    sign_in(client, seeker)
    assert client.get(page).status_code == 404


@pytest.mark.parametrize("page", ADMIN_PAGES)
def test_staff_without_a_second_factor_are_sent_to_set_one_up(client, administrator, page):
    sign_in(client, administrator)
    answer = client.get(page)
    assert answer.url.startswith("/accounts/2fa/?next=")
    assert "職員用画面を開くには、2段階認証の設定が必要です" in client.get(answer.url).content.decode()


def test_staff_who_gave_only_the_password_in_this_session_are_asked_for_the_second_factor(client, administrator):
    sign_in(client, administrator)
    code = activate_second_factor(administrator)
    answer = client.get("/admin/")
    assert answer.url.startswith("/accounts/2fa/reauthenticate/?next=")
    assert client.post(answer.url, {"code": code(), "next": "/admin/"}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_with_a_second_factor_the_password_alone_does_not_sign_in(client, administrator):
    activate_second_factor(administrator)
    assert sign_in(client, administrator).url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


def test_staff_with_a_second_factor_come_to_the_admin(client, administrator):
    answer = sign_in_with_second_factor(client, administrator)
    assert client.get(answer.url).url == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_code_works_once(client, administrator):
    code = activate_second_factor(administrator)()
    sign_in(client, administrator)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    other = Client()
    sign_in(other, administrator)
    other.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" not in other.session


def test_a_reset_password_does_not_replace_the_second_factor(client, administrator):
    activate_second_factor(administrator)
    administrator.set_password("brand new 2026 words")
    administrator.save()
    sign_in(client, administrator, "brand new 2026 words")
    assert client.get("/admin/").url.startswith("/accounts/login/")


def test_without_the_guard_the_admin_would_open_by_password_alone(client, administrator, settings):
    name = f"{StaffSecondFactorMiddleware.__module__}.{StaffSecondFactorMiddleware.__qualname__}"
    settings.MIDDLEWARE = [entry for entry in settings.MIDDLEWARE if entry != name]
    sign_in(client, administrator)
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
        "/accounts/profile/",
        "/accounts/sessions/",
        "/accounts/password/change/",
    ],
)
def test_pages_for_setting_up_the_account_open_for_staff(client, administrator, page):
    sign_in(client, administrator)
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("page", ["/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"])
def test_setting_up_a_second_factor_asks_for_the_password_first(client, administrator, page):
    sign_in(client, administrator)
    answer = client.get(page)
    assert answer.url.startswith("/accounts/reauthenticate/")
    answer = client.post(answer.url, {"password": "correct horse 電池", "next": page})
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    "page",
    ["/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/totp/deactivate/"],
)
def test_pages_of_an_active_second_factor_open(client, administrator, page):
    code = activate_second_factor(administrator)
    sign_in(client, administrator)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    client.post("/accounts/2fa/reauthenticate/", {"code": code()})
    assert client.get(page).status_code == 200
