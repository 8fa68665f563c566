import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.flows.lock import lock_account
from audit.models import AuditRecord
from tests.accounts.conftest import WINDOWS_CHROME, newest_mail, reauthenticate, sign_in, url_in
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


def is_signed_in(client):
    return client.get("/accounts/profile/").status_code == 200


def test_a_seeker_signs_in_by_address_and_password_and_comes_to_the_own_page(client, seeker):
    answer = sign_in(client, seeker)
    assert client.get(answer.url).url == "/mypage/"
    assert is_signed_in(client)


def test_the_address_may_be_typed_in_capitals(client, seeker):
    client.post("/accounts/login/", {"login": seeker.email.upper(), "password": PASSWORD})
    assert is_signed_in(client)


def test_the_session_changes_at_sign_in(client, seeker):
    client.get("/accounts/login/")
    client.post("/accounts/register/", {"email": "someone@mail.example"})
    before = client.session.session_key
    sign_in(client, seeker)
    assert client.session.session_key != before


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, seeker):
    wrong = sign_in(client, seeker, "wrong password")
    unknown = client.post("/accounts/login/", {"login": "nobody@mail.example", "password": "wrong password"})
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/", "https:evil.example", "/\\evil.example", "javascript:alert(1)"],
)
def test_next_never_leads_outside(client, seeker, target):
    answer = client.post("/accounts/login/", {"login": seeker.email, "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert "evil" not in answer.url
    assert "javascript" not in answer.url


def test_next_leads_on_inside_the_portal(client, seeker):
    answer = client.post(
        "/accounts/login/", {"login": seeker.email, "password": PASSWORD, "next": "/accounts/profile/"}
    )
    assert answer.url == "/accounts/profile/"


def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(client, seeker):
    for _try in range(5):
        sign_in(client, seeker, "wrong password")
    assert "しばらくログインできません" in sign_in(client, seeker).content.decode()
    assert not is_signed_in(client)


def test_after_four_wrong_passwords_the_right_one_still_works(client, seeker):
    for _try in range(4):
        sign_in(client, seeker, "wrong password")
    sign_in(client, seeker)
    assert is_signed_in(client)


def test_the_right_person_gets_in_again_by_setting_a_new_password(client, seeker):
    for _try in range(6):
        sign_in(client, seeker, "wrong password")
    set_new_password(client, seeker, "brand new 2026 words")
    sign_in(client, seeker, "brand new 2026 words")
    assert is_signed_in(client)


def test_signing_out_ends_the_session_on_the_server(client, seeker):
    sign_in(client, seeker)
    cookie = client.cookies["session"].value
    client.post("/accounts/logout/")
    old = Client()
    old.cookies["session"] = cookie
    assert not is_signed_in(old)


@pytest.mark.requirement("J-14")
def test_every_sign_in_is_recorded(client, seeker):
    sign_in(client, seeker, REMOTE_ADDR="192.0.2.9")
    record = AuditRecord.objects.get(action="account.signed_in")
    assert (record.actor, record.address) == (seeker, "192.0.2.9")


def test_a_failed_sign_in_is_logged_without_the_address_and_the_password(client, seeker, caplog):
    sign_in(client, seeker, "wrong password", REMOTE_ADDR="192.0.2.9")
    assert "sign-in failed from 192.0.2.9" in caplog.text
    assert seeker.email not in caplog.text
    assert "wrong password" not in caplog.text


@pytest.mark.parametrize(
    "path",
    ["/accounts/login/code/", "/accounts/2fa/webauthn/login/", "/accounts/phone/change/", "/accounts/social/login/"],
)
def test_pages_of_allauth_that_are_not_wanted_do_not_exist(client, path):
    assert client.get(path).status_code == 404


def test_opening_the_sign_out_page_changes_nothing(client, seeker):
    sign_in(client, seeker)
    client.get("/accounts/logout/")
    assert is_signed_in(client)


# --- Password -------------------------------------------------------------------------------------------------------


def set_new_password(client, user, password):
    client.post("/accounts/password/reset/", {"email": user.email})
    page = client.get(url_in(newest_mail(user.email), "/password/reset/key/"))
    return client.post(page.url, {"password1": password})


def test_the_reset_page_never_tells_whether_an_address_is_known(client, seeker):
    known = client.post("/accounts/password/reset/", {"email": seeker.email}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@mail.example"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert "登録されていません" in newest_mail("nobody@mail.example").body
    assert known.content.count(b"nobody") == unknown.content.count(b"nobody") == 0


def test_a_reset_link_works_once(client, seeker):
    client.post("/accounts/password/reset/", {"email": seeker.email})
    link = url_in(newest_mail(seeker.email), "/password/reset/key/")
    page = client.get(link)
    client.post(page.url, {"password1": "brand new 2026 words"})
    seeker.refresh_from_db()
    assert seeker.check_password("brand new 2026 words")
    assert "このURLは使えません" in Client().get(link).content.decode()


def test_a_reset_link_does_not_carry_its_key_into_the_page(client, seeker):
    client.post("/accounts/password/reset/", {"email": seeker.email})
    assert client.get(url_in(newest_mail(seeker.email), "/password/reset/key/")).url.endswith("-set-password/")


def test_the_fifth_reset_mail_of_an_hour_is_sent_and_not_the_sixth(client, seeker):
    statuses = [client.post("/accounts/password/reset/", {"email": seeker.email}).status_code for _try in range(6)]
    assert statuses == [302] * 5 + [429]


@pytest.mark.parametrize(
    ("password", "is_accepted"),
    [
        pytest.param("kx7#Qm2", False, id="7 characters"),
        pytest.param("kx7#Qm2w", True, id="8 characters"),
        pytest.param("abcdefgx" * 16, True, id="128 characters"),
        pytest.param("password1", False, id="a common one"),
    ],
)
def test_the_rules_for_passwords_hold_at_reset_too(client, seeker, password, is_accepted):
    set_new_password(client, seeker, password)
    seeker.refresh_from_db()
    assert seeker.check_password(password) is is_accepted


def test_changing_the_password_asks_for_the_present_one(client, seeker):
    sign_in(client, seeker)
    client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": "brand new 2026 words"})
    seeker.refresh_from_db()
    assert seeker.check_password(PASSWORD)


def test_changing_the_password_ends_the_other_sign_ins_and_tells_by_mail(client, seeker):
    other = Client()
    sign_in(other, seeker)
    sign_in(client, seeker)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "brand new 2026 words"})
    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert "パスワードが変更されました" in newest_mail(seeker.email).body


def test_no_password_has_to_be_typed_twice(client, seeker):
    sign_in(client, seeker)
    form = client.get("/accounts/password/change/").context["form"]
    assert list(form.fields) == ["oldpassword", "password1"]


# --- Address --------------------------------------------------------------------------------------------------------


def ask_to_change_address(client, address="new@mail.example"):
    return client.post("/accounts/email/", {"email": address, "action_add": ""})


def test_the_address_changes_only_after_the_new_one_is_confirmed(client, seeker):
    sign_in(client, seeker)
    reauthenticate(client)
    before = seeker.email
    ask_to_change_address(client)
    seeker.refresh_from_db()
    assert seeker.email == before
    link = url_in(newest_mail("new@mail.example"), "/confirm-email/")
    client.get(link)
    seeker.refresh_from_db()
    assert seeker.email == before
    client.post(link)
    seeker.refresh_from_db()
    assert seeker.email == "new@mail.example"


def test_changing_the_address_asks_for_the_password_first(client, seeker):
    sign_in(client, seeker)
    assert ask_to_change_address(client).url.startswith("/accounts/reauthenticate/")


def test_changing_to_an_address_of_somebody_else_does_not_tell_so(client, seeker, staff):
    sign_in(client, seeker)
    reauthenticate(client)
    taken = ask_to_change_address(client, staff.email)
    assert taken.status_code == 302
    assert "すでに登録されています" in newest_mail(staff.email).body


# --- Sign-ins -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("J-14")
def test_a_person_sees_the_own_sign_ins_in_words(client, seeker):
    sign_in(client, seeker, headers={"user-agent": WINDOWS_CHROME})
    assert "Windows の Chrome" in client.get("/accounts/sessions/").content.decode()


def test_a_person_ends_the_other_sign_ins(client, seeker):
    other = Client()
    sign_in(other, seeker)
    sign_in(client, seeker)
    client.post("/accounts/sessions/")
    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_sign_out_everywhere_means_this_device_too(client, seeker):
    other = Client()
    sign_in(other, seeker)
    sign_in(client, seeker)
    client.post("/accounts/sessions/end/")
    assert not is_signed_in(client)
    assert not is_signed_in(other)
    assert not Session.objects.filter(session_key=other.cookies["session"].value).exists()


def test_sign_out_everywhere_leaves_other_people_alone(client, seeker, staff):
    other = Client()
    sign_in(other, staff)
    sign_in(client, seeker)
    client.post("/accounts/sessions/end/")
    assert is_signed_in(other)


@pytest.mark.requirement("J-16")
def test_a_locked_account_is_out_at_once(client, seeker, administrator, rf):
    sign_in(client, seeker)
    lock_account(seeker, by=administrator, reason="紛失の届出", request=rf.post("/"))
    assert not is_signed_in(client)
    assert sign_in(Client(), seeker).url == "/accounts/inactive/"
