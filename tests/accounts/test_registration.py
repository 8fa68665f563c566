import hashlib
from datetime import timedelta
from unicodedata import east_asian_width

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils.html import escape

from accounts.models import ProvisionalRegistration, SeekerProfile, User
from accounts.periodic import purge_expired_registrations
from audit.models import AuditRecord
from mailing.models import OutgoingMail
from terms.models import Consent
from tests.accounts.conftest import newest_mail, url_in
from tests.factories import TermsVersionFactory

pytestmark = pytest.mark.django_db

ADDRESS = "hanako@mail.example"


def ask_for_link(client, address=ADDRESS, **extra):
    return client.post("/accounts/register/", {"email": address}, **extra)


@pytest.fixture
def link(client, now):
    ask_for_link(client)
    return url_in(newest_mail(ADDRESS), "/register/link/")


@pytest.fixture
def opened(client, link):
    client.post(link)
    return "/accounts/register/details/"


@pytest.fixture
def answers(office, portal_terms):
    return {
        "password": "長いあいことば 2026",
        "name": "見本 花子",
        "kana": "みほん はなこ",
        "postal_code": "１００－８９１６",
        "address": "東京都千代田区霞が関1-2-2",
        "phone": "060-1234-5678",
        "seeker_number": "13010-00123456",
        "home_office": office.pk,
        f"version-{portal_terms.pk}": "on",
    }


# --- 仮登録 ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("J-11")
def test_the_page_shows_the_sending_address_before_it_asks_for_an_address(client, settings):
    page = client.get("/accounts/register/").content.decode()
    assert page.index(settings.MAIL_FROM) < page.index('name="email"')


@pytest.mark.requirement("J-10")
def test_the_page_asks_for_the_address_only(client):
    form = client.get("/accounts/register/").context["form"]
    assert list(form.fields) == ["email"]


def test_the_page_never_tells_whether_an_address_is_known(client, seeker):
    unknown = ask_for_link(client)
    unknown_page = client.get(unknown.url).content.decode().replace(ADDRESS, "X")
    known = ask_for_link(client, seeker.email)
    known_page = client.get(known.url).content.decode().replace(seeker.email, "X")
    assert (unknown.status_code, unknown.url) == (known.status_code, known.url)
    assert without_tokens(unknown_page) == without_tokens(known_page)


def without_tokens(page):
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


def test_an_unknown_address_gets_a_link(client):
    ask_for_link(client)
    mail = newest_mail(ADDRESS)
    assert mail.subject.startswith("【ハローワーク】")
    assert url_in(mail, "/register/link/")


def test_a_known_address_gets_the_way_to_sign_in_and_no_link_to_register(client, seeker):
    ask_for_link(client, seeker.email.upper())
    mail = newest_mail(seeker.email)
    assert url_in(mail, "/login/")
    assert url_in(mail, "/password/reset/")
    assert "/register/link/" not in mail.body
    assert not ProvisionalRegistration.objects.exists()


def test_mails_say_that_nobody_asks_for_a_password_by_mail(client):
    ask_for_link(client)
    assert "このメールでパスワードをおたずねすることはありません。" in newest_mail(ADDRESS).body


def test_lines_of_mails_are_short_and_have_one_url_each(client):
    ask_for_link(client)
    for line in newest_mail(ADDRESS).body.splitlines():
        assert line.count("http") <= 1
        width = sum(2 if east_asian_width(character) in "WF" else 1 for character in line)
        assert line.startswith("http") or width <= 70


def test_the_text_of_a_mail_with_a_link_is_not_kept(client):
    ask_for_link(client)
    assert newest_mail(ADDRESS).is_secret


def test_the_link_leads_to_the_portals_own_address_whatever_the_host_header_says(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    ask_for_link(client, headers={"host": "evil.example"})
    assert settings.PORTAL_URL in newest_mail(ADDRESS).body
    assert "evil.example" not in newest_mail(ADDRESS).body


def test_the_token_has_at_least_128_bits_and_only_its_hash_is_stored(client, link):
    token = link.rstrip("/").rpartition("/")[2]
    assert len(token) * 6 >= 128
    stored = ProvisionalRegistration.objects.get()
    assert stored.token_hash == hashlib.sha256(token.encode()).hexdigest()


@pytest.mark.parametrize(
    "address", ["", "hanako", "hanako@", "a b@mail.example", "a@mail.example\nBcc: b@mail.example"]
)
def test_what_is_no_address_is_refused_with_advice(client, address):
    answer = ask_for_link(client, address)
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert not OutgoingMail.objects.exists()


def test_the_signup_address_of_allauth_leads_to_our_page(client):
    assert client.get("/accounts/signup/").url == "/accounts/register/"


# --- Limits ---------------------------------------------------------------------------------------------------------


def test_an_address_gets_the_fifth_mail_of_an_hour_and_not_the_sixth(client):
    assert [ask_for_link(client).status_code for _try in range(6)] == [302, 302, 302, 302, 302, 429]
    assert OutgoingMail.objects.count() == 5


def test_a_known_address_is_limited_in_the_same_way(client, seeker):
    assert [ask_for_link(client, seeker.email).status_code for _try in range(6)] == [302] * 5 + [429]


def test_from_one_network_address_twenty_tries_an_hour_are_answered_and_not_more(client):
    statuses = [ask_for_link(client, f"person{n}@mail.example").status_code for n in range(21)]
    assert statuses == [302] * 20 + [429]


def test_another_network_address_is_not_affected(client):
    for n in range(21):
        ask_for_link(client, f"person{n}@mail.example")
    assert ask_for_link(client, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_addresses_of_one_ipv6_network_count_together(client):
    statuses = [
        ask_for_link(client, f"person{n}@mail.example", REMOTE_ADDR=f"2001:db8::{n:x}").status_code for n in range(21)
    ]
    assert statuses == [302] * 20 + [429]


def test_the_page_of_too_many_tries_is_in_japanese(client):
    for _try in range(6):
        answer = ask_for_link(client)
    assert "少しお待ちください" in answer.content.decode()


# --- The link -------------------------------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing(client, link):
    assert client.get(link).status_code == 200
    assert ProvisionalRegistration.objects.get().opened_at is None
    assert client.get("/accounts/register/details/").status_code == 410


def test_the_button_uses_the_link_up_and_removes_the_token_from_the_url(client, link, now):
    answer = client.post(link)
    assert answer.url == "/accounts/register/details/"
    assert ProvisionalRegistration.objects.get().opened_at == now
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    ("after", "status"),
    [
        pytest.param(timedelta(hours=24, seconds=-1), 200, id="one second before 24 hours"),
        pytest.param(timedelta(hours=24), 410, id="at 24 hours"),
    ],
)
def test_the_link_works_for_24_hours(client, link, now, freeze, after, status):
    freeze(now + after)
    assert client.get(link).status_code == status


def test_an_expired_link_cannot_be_confirmed_either(client, link, now, freeze):
    freeze(now + timedelta(hours=24))
    assert client.post(link).status_code == 410


def test_the_pages_tell_how_long_the_link_works(client, db, now, settings):
    settings.PROVISIONAL_REGISTRATION_LIFETIME = timedelta(hours=5)
    sent = client.post("/accounts/register/", {"email": "hanako@mail.example"}, follow=True)
    assert "5時間以内に開いてください" in sent.content.decode()
    unusable = client.get("/accounts/register/link/" + "A" * 43 + "/")
    assert "お送りしてから5時間以内" in unusable.content.decode()


def test_a_used_link_shows_a_way_on(client, link, opened):
    answer = client.post(link)
    assert answer.status_code == 410
    assert 'href="/accounts/register/"' in answer.content.decode()
    assert 'href="/accounts/login/"' in answer.content.decode()


def test_an_invented_link_is_answered_like_an_expired_one(client, db):
    assert client.get("/accounts/register/link/" + "A" * 43 + "/").status_code == 410


def test_the_right_to_register_belongs_to_the_browser_that_opened_the_link(opened):
    assert Client().get(opened).status_code == 410


def test_the_session_changes_when_the_link_is_opened(client, link):
    before = client.session.session_key
    client.post(link)
    assert client.session.session_key != before


def test_who_opens_the_link_late_still_has_time_to_fill_in_the_form(client, link, now, freeze):
    freeze(now + timedelta(hours=23, minutes=59))
    client.post(link)
    freeze(now + timedelta(hours=25))
    assert client.get("/accounts/register/details/").status_code == 200


@pytest.mark.parametrize(
    ("after", "left"),
    [
        pytest.param(timedelta(hours=24, seconds=-1), 1, id="one second before 24 hours"),
        pytest.param(timedelta(hours=24), 0, id="at 24 hours"),
    ],
)
def test_unconfirmed_registrations_vanish_after_24_hours(client, link, now, freeze, after, left):
    freeze(now + after)
    purge_expired_registrations()
    assert ProvisionalRegistration.objects.count() == left


# --- 本登録 ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("J-09", "J-10")
def test_the_whole_registration_makes_a_person_who_is_signed_in(client, opened, answers, office):
    answer = client.post(opened, answers)
    user = User.objects.get(email=ADDRESS)
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert user.check_password("長いあいことば 2026")
    assert (user.name, user.kana) == ("見本 花子", "ミホン ハナコ")
    assert EmailAddress.objects.get(user=user).verified
    profile = SeekerProfile.objects.get(user=user)
    assert (profile.postal_code, profile.phone, profile.phone_e164) == ("100-8916", "060-1234-5678", "+816012345678")
    assert (profile.seeker_number, profile.home_office) == ("13010-00123456", office)
    assert AuditRecord.objects.get(action="account.registered").actor == user
    assert not ProvisionalRegistration.objects.exists()


def test_the_first_page_after_registration_is_the_own_page(client, opened, answers):
    assert client.get(client.post(opened, answers).url).url == "/mypage/"


def test_signing_in_after_registration_starts_a_new_session(client, opened, answers):
    before = client.session.session_key
    client.post(opened, answers)
    assert client.session.session_key != before


@pytest.mark.requirement("J-02")
def test_consent_is_recorded_with_language_address_and_device(client, opened, answers, portal_terms):
    client.post(opened, answers, headers={"user-agent": "Sample/1.0"}, REMOTE_ADDR="192.0.2.9")
    consent = Consent.objects.get()
    assert consent.version == portal_terms
    assert (consent.language, consent.address, consent.device) == ("ja", "192.0.2.9", "Sample/1.0")


@pytest.mark.requirement("J-02")
def test_the_box_of_the_terms_is_not_ticked(client, opened, answers, portal_terms):
    (_item, box), *_rest = client.get(opened).context["form"].asked()
    assert "checked" not in str(box)


@pytest.mark.requirement("J-02")
def test_without_the_tick_nobody_is_registered_and_what_was_typed_stays(client, opened, answers, portal_terms):
    del answers[f"version-{portal_terms.pk}"]
    answer = client.post(opened, answers)
    assert answer.status_code == 200
    assert not User.objects.exists()
    page = answer.content.decode()
    assert "見本 花子" in page
    assert escape(answers["address"]) in page


def test_the_password_is_not_sent_back_into_the_page(client, opened, answers):
    answer = client.post(opened, {**answers, "phone": "110"})
    assert answers["password"] not in answer.content.decode()


def test_a_tick_for_a_text_that_was_replaced_meanwhile_is_no_tick(client, opened, answers, portal_terms):
    newer = TermsVersionFactory.create(document=portal_terms.document, number=2)
    answer = client.post(opened, answers)
    assert f"version-{newer.pk}" in answer.context["form"].errors
    assert not User.objects.exists()


def test_all_or_nothing(client, opened, answers, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the last step fails")

    monkeypatch.setattr("accounts.flows.register.record", fail)
    with pytest.raises(RuntimeError):
        client.post(opened, answers)
    assert not User.objects.exists()
    assert not Consent.objects.exists()
    assert ProvisionalRegistration.objects.exists()


def test_the_form_sent_twice_registers_once(client, opened, answers):
    second = Client()
    second.cookies["session"] = client.cookies["session"].value
    client.post(opened, answers)
    assert second.post(opened, answers).status_code == 410
    assert User.objects.count() == 1


def test_extra_fields_of_a_forged_form_are_ignored(client, opened, answers):
    client.post(opened, {**answers, "is_staff": "on", "is_superuser": "on", "email": "other@mail.example"})
    user = User.objects.get()
    assert (user.email, user.is_staff, user.is_superuser) == (ADDRESS, False, False)


@pytest.mark.parametrize("field", ["seeker_number", "home_office"])
def test_number_and_office_may_be_left_empty(client, opened, answers, field):
    client.post(opened, {**answers, field: ""})
    assert User.objects.exists()


@pytest.mark.parametrize("field", ["password", "name", "kana", "postal_code", "address", "phone"])
def test_everything_else_is_required(client, opened, answers, field):
    answer = client.post(opened, {**answers, field: ""})
    assert field in answer.context["form"].errors


def test_a_name_in_latin_letters_needs_no_furigana(client, opened, answers):
    client.post(opened, {**answers, "name": "Nguyễn Văn An", "kana": ""})
    assert User.objects.get().name == "Nguyễn Văn An"


@pytest.mark.parametrize("name", ["髙橋 﨑", "𠮷田", "\ufa19谷", "葛\U000e0100城"])
def test_names_are_stored_unchanged_byte_for_byte(client, opened, answers, name):
    client.post(opened, {**answers, "name": f"　{name} "})
    assert User.objects.get().name.encode() == name.encode()


# --- Passwords ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "is_accepted"),
    [
        pytest.param("kx7#Qm2", False, id="7 characters"),
        pytest.param("kx7#Qm2w", True, id="8 characters"),
        pytest.param("ひみつのことば六四" * 8, True, id="72 Japanese characters"),
        pytest.param("ab cdefg" * 8, True, id="64 characters with spaces"),
        pytest.param("abcdefgx" * 16, True, id="128 characters"),
        pytest.param("password", False, id="a common one"),
        pytest.param("hanako@mail.example", False, id="the address itself"),
    ],
)
def test_passwords_are_long_and_not_common(client, opened, answers, password, is_accepted):
    client.post(opened, {**answers, "password": password})
    assert User.objects.exists() is is_accepted


def test_password_managers_work(client, opened):
    page = client.get(opened).content.decode()
    assert 'autocomplete="new-password"' in page
    assert 'autocomplete="name"' in page
    assert "onpaste" not in page
