"""A sign-in ends: by signing out, after a day's work, and for staff when nobody is at the desk (ASVS 7.3, 7.4, 14.3)."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.middleware import SignInLimitsMiddleware
from tests.accounts.conftest import reauthenticate, sign_in, sign_in_with_second_factor

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
NAME = f"{SignInLimitsMiddleware.__module__}.{SignInLimitsMiddleware.__qualname__}"


def is_signed_in(client):
    return client.get("/accounts/profile/").status_code == 200


def keep_busy(client, freeze, now, until, every=timedelta(minutes=50)):
    """Open a page again and again; each time something is written to the session, which moves its own expiry."""
    passed = every
    while passed < until:
        freeze(now + passed)
        session = client.session
        session["something"] = str(passed)
        session.save()
        assert is_signed_in(client)
        passed += every


@pytest.fixture
def people(seeker, staff):
    return {"seeker": seeker, "staff": staff}


@pytest.mark.parametrize(
    ("person", "after", "lasts"),
    [
        pytest.param("seeker", timedelta(hours=12) - SECOND, True, id="a seeker, one second before 12 hours"),
        pytest.param("seeker", timedelta(hours=12), False, id="a seeker, at 12 hours"),
        pytest.param("staff", timedelta(hours=8) - SECOND, True, id="staff, one second before 8 hours"),
        pytest.param("staff", timedelta(hours=8), False, id="staff, at 8 hours"),
    ],
)
def test_a_sign_in_ends_however_busy_the_person_is(client, people, now, freeze, person, after, lasts):
    sign_in(client, people[person])
    keep_busy(client, freeze, now, after)
    freeze(now + after)
    assert is_signed_in(client) is lasts


@pytest.mark.parametrize(
    ("person", "after", "lasts"),
    [
        pytest.param("staff", timedelta(hours=1) - SECOND, True, id="staff, one second before an hour"),
        pytest.param("staff", timedelta(hours=1), False, id="staff, after an hour"),
        pytest.param("seeker", timedelta(hours=11), True, id="a seeker who reads a letter first"),
    ],
)
def test_only_staff_are_signed_out_for_being_idle(client, people, now, freeze, person, after, lasts):
    sign_in(client, people[person])
    freeze(now + after)
    assert is_signed_in(client) is lasts


def test_a_page_opened_within_the_hour_starts_it_again(client, staff, now, freeze):
    sign_in(client, staff)
    freeze(now + timedelta(minutes=40))
    assert is_signed_in(client)
    freeze(now + timedelta(minutes=99))
    assert is_signed_in(client)


@pytest.mark.parametrize("after", [timedelta(hours=1), timedelta(hours=8)], ids=["idle", "a day's work"])
def test_without_the_guard_the_sign_in_would_go_on(client, staff, now, freeze, settings, after):
    settings.MIDDLEWARE = [entry for entry in settings.MIDDLEWARE if entry != NAME]
    sign_in(client, staff)
    keep_busy(client, freeze, now, after)
    freeze(now + after)
    assert is_signed_in(client)


def test_a_sign_in_that_nobody_saw_begin_is_counted_from_the_first_page(client, staff, now, freeze):
    client.force_login(staff)
    assert is_signed_in(client)
    freeze(now + timedelta(hours=1))
    assert not is_signed_in(client)


def test_who_is_signed_out_is_told_and_comes_back_to_the_same_page(client, seeker, now, freeze):
    sign_in(client, seeker)
    keep_busy(client, freeze, now, timedelta(hours=12))
    freeze(now + timedelta(hours=12))
    page = client.get("/accounts/profile/change/", follow=True)
    assert page.redirect_chain == [("/accounts/login/?next=/accounts/profile/change/", 302)]
    assert "ログインから時間がたったため、ログアウトしました。" in page.content.decode()
    assert sign_in(client, seeker, at=page.redirect_chain[0][0]).url == "/accounts/profile/change/"


def test_an_ended_sign_in_is_dead_on_the_server(client, staff, now, freeze):
    sign_in(client, staff)
    cookie = client.cookies["session"].value
    freeze(now + timedelta(hours=1))
    client.get("/accounts/profile/")
    freeze(now)
    assert not is_signed_in(with_cookie(cookie))


def test_being_in_use_is_written_at_most_once_a_minute(client, staff, now, freeze):
    sign_in(client, staff)
    freeze(now + timedelta(seconds=59))
    before = client.session["seen_at"]
    client.get("/accounts/profile/")
    assert client.session["seen_at"] == before
    freeze(now + timedelta(seconds=60))
    client.get("/accounts/profile/")
    assert client.session["seen_at"] == before + 60


# --- Signing out ----------------------------------------------------------------------------------------------------

WAYS_OUT = ["/accounts/logout/", "/accounts/sessions/end/", "/accounts/delete/"]


def with_cookie(value):
    client = Client()
    client.cookies["session"] = value
    return client


@pytest.mark.parametrize("way", WAYS_OUT)
def test_after_signing_out_the_old_cookie_is_useless(client, seeker, way):
    sign_in(client, seeker)
    reauthenticate(client)
    cookie = client.cookies["session"].value
    assert is_signed_in(with_cookie(cookie))
    client.post(way)
    assert not is_signed_in(with_cookie(cookie))


@pytest.mark.parametrize("way", WAYS_OUT)
def test_after_signing_out_the_browser_forgets_the_pages_and_keeps_the_cookies(client, seeker, way):
    sign_in(client, seeker)
    reauthenticate(client)
    assert client.post(way).headers["Clear-Site-Data"] == '"cache", "storage"'


def test_it_does_so_too_when_the_admin_is_left(client, staff):
    sign_in_with_second_factor(client, staff)
    cookie = client.cookies["session"].value
    assert client.post("/admin/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(with_cookie(cookie))


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/accounts/profile/", "/accounts/logout/"])
def test_other_pages_clear_nothing(client, seeker, path):
    assert "Clear-Site-Data" not in client.get(path).headers
    sign_in(client, seeker)
    assert "Clear-Site-Data" not in client.get(path).headers


def test_the_message_that_the_person_is_signed_out_is_shown(client, seeker):
    sign_in(client, seeker)
    assert "ログアウトしました" in client.post("/accounts/logout/", follow=True).content.decode()
