"""Who was on the way to a page comes back to it after signing in or registering, and never to a foreign one."""

from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from accounts.flows.register import request_registration
from accounts.models import ProvisionalRegistration
from booking.models import Reservation
from terms.next_path import MAX_LENGTH, local_path
from tests.accounts.conftest import newest_mail, sign_in, url_in
from tests.factories import NOW, bookable_service

pytestmark = pytest.mark.django_db

ADDRESS = "hanako@mail.example"
DETAILS = "/accounts/register/details/"
WANTED = "/services/7/hold/?start=2026-06-08T10:00+09:00&counselor=3"
ELSEWHERE = {
    "two slashes": "//evil.example",
    "three slashes": "///evil.example",
    "another site": "https://evil.example/",
    "a scheme without slashes": "https:evil.example",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,hello",
    "a backslash": "/\\evil.example",
    "a tab between the slashes": "/\t/evil.example",
    "a line break": "/\nevil.example",
    "a blank in front": " //evil.example",
    "a relative path": "evil.example/page",
    "an endless path": "/" + "a" * MAX_LENGTH,
}
elsewhere = pytest.mark.parametrize("target", [pytest.param(url, id=name) for name, url in ELSEWHERE.items()])


@pytest.fixture
def answers(portal_terms):
    return {
        "password": "長いあいことば 2026",
        "name": "見本 花子",
        "kana": "みほん はなこ",
        "postal_code": "100-8916",
        "address": "東京都千代田区霞が関1-2-2",
        "phone": "060-1234-5678",
        f"version-{portal_terms.pk}": "on",
    }


def ask_for_link(client, target):
    return client.post(f"/accounts/register/?next={quote(target)}", {"email": ADDRESS})


def register(client, answers):
    """From the mailed link to the answer of the last form."""
    client.post(url_in(newest_mail(ADDRESS), "/register/link/"))
    return client.post(DETAILS, answers)


def test_after_registration_the_person_comes_to_the_page_that_was_wanted(client, now, answers):
    ask_for_link(client, WANTED)
    assert register(client, answers).url == WANTED


def test_also_when_the_mail_is_opened_in_another_browser(client, now, answers):
    ask_for_link(client, WANTED)
    assert register(Client(), answers).url == WANTED


def test_the_mailed_url_does_not_carry_the_page(client, now):
    ask_for_link(client, WANTED)
    assert "next" not in newest_mail(ADDRESS).body
    assert "/services/7/" not in newest_mail(ADDRESS).body


def test_a_target_added_to_the_mailed_url_counts_for_nothing(client, now, answers):
    ask_for_link(client, WANTED)
    client.post(url_in(newest_mail(ADDRESS), "/register/link/") + "?next=/terms/")
    assert client.post(DETAILS, answers).url == WANTED


def test_every_page_on_the_way_hands_the_page_on(client):
    query = f"?next={quote(WANTED, safe='')}"
    assert f'href="/accounts/register/{query}"' in client.get(f"/accounts/login/{query}").content.decode()
    assert f'href="/accounts/login/{query}"' in client.get(f"/accounts/register/{query}").content.decode()
    sent = ask_for_link(client, WANTED).url
    assert f'href="/accounts/register/{query}"' in client.get(sent).content.decode()


def test_a_typing_error_in_the_address_loses_nothing(client, now):
    page = client.post(f"/accounts/register/?next={quote(WANTED)}", {"email": "hanako"})
    assert page.context["form"].errors
    assert (
        '<form method="post" class="stack" novalidate>' in page.content.decode()
    )  # posts to its own URL, query and all


@elsewhere
def test_a_foreign_target_is_forgotten_when_the_link_is_asked_for(client, now, answers, target):
    ask_for_link(client, target)
    assert ProvisionalRegistration.objects.get().next_path == ""
    assert register(client, answers).url == "/home/"


@pytest.mark.parametrize("target", ["//evil.example", "https:evil.example", "javascript:alert(1)"])
def test_a_foreign_target_stored_all_the_same_leads_nowhere(client, now, answers, target):
    request_registration(ADDRESS, now=now)
    ProvisionalRegistration.objects.update(next_path=target)
    assert register(client, answers).url == "/home/"


@elsewhere
def test_a_foreign_target_is_in_no_link_of_the_pages(client, target):
    assert "next=" not in client.get("/accounts/register/", {"next": target}).context["login_url"]


@elsewhere
def test_who_is_signed_in_already_is_not_led_outside(client, seeker, target):
    sign_in(client, seeker)
    assert client.get("/accounts/register/", {"next": target}).url == "/home/"


def test_who_is_signed_in_already_goes_straight_on(client, seeker):
    sign_in(client, seeker)
    assert client.get("/accounts/register/", {"next": WANTED}).url == WANTED


@pytest.mark.parametrize(
    ("length", "is_kept"),
    [pytest.param(MAX_LENGTH, True, id="fits"), pytest.param(MAX_LENGTH + 1, False, id="too long")],
)
def test_a_path_is_kept_while_it_fits_the_column(length, is_kept):
    assert bool(local_path("/".ljust(length, "a"))) is is_kept


def test_a_zero_byte_that_no_column_holds_is_no_path():
    assert local_path("/\x00") == ""


# --- The chosen time ------------------------------------------------------------------------------------------------


@pytest.fixture
def choice(freeze, portal_terms):
    """A time of a service, as the page of the free times posts it."""
    freeze(NOW)
    service = bookable_service()
    page = Client().get(reverse("booking:times", args=[service.pk]))
    start = page.context["days"][0].times[0].value
    return reverse("booking:hold", args=[service.pk]), start


def assert_the_time_is_one_button_away(client, target, choice):
    assert not Reservation.objects.exists()
    page = client.get(target)
    assert page.status_code == 200
    assert f'name="start" value="{choice[1][:16]}' in " ".join(page.content.decode().split())
    assert not Reservation.objects.exists()
    assert client.post(choice[0], {"start": choice[1]}).url.endswith("/details/")


def sent_to_sign_in(client, choice):
    """The URL of the sign-in page that a person without a sign-in comes to after choosing a time."""
    answer = client.post(choice[0], {"start": choice[1]}, follow=True)
    return answer.redirect_chain[-1][0], answer.content.decode()


def link_to_register(page):
    return page.split('href="/accounts/register/?next=')[1].split('"')[0]


@pytest.mark.requirement("J-09")
def test_a_time_chosen_before_registering_is_one_button_away_afterwards(client, choice, answers):
    _login, page = sent_to_sign_in(client, choice)
    client.post(f"/accounts/register/?next={link_to_register(page)}", {"email": ADDRESS})
    elsewhere = Client()
    assert_the_time_is_one_button_away(elsewhere, register(elsewhere, answers).url, choice)


def test_it_is_also_when_registration_was_reached_by_another_way(client, choice, answers):
    sent_to_sign_in(client, choice)
    client.post("/accounts/register/", {"email": ADDRESS})
    home = register(client, answers).url
    assert_the_time_is_one_button_away(client, client.get(home).url, choice)


def test_a_time_chosen_before_signing_in_is_one_button_away_afterwards(client, choice, seeker_who_agreed):
    login, _page = sent_to_sign_in(client, choice)
    target = sign_in(client, seeker_who_agreed, at=login).url
    assert_the_time_is_one_button_away(client, target, choice)


def test_and_after_the_mail_that_says_the_address_is_known(client, choice, seeker_who_agreed):
    sent_to_sign_in(client, choice)
    client.post("/accounts/register/", {"email": seeker_who_agreed.email})
    home = sign_in(client, seeker_who_agreed, at=url_in(newest_mail(seeker_who_agreed.email), "/login/")).url
    assert_the_time_is_one_button_away(client, client.get(home).url, choice)
