"""50 people for the last place, through HTTP on real PostgreSQL; and the twin that shows what holds."""

import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from booking.enums import OCCUPYING, ReservationStatus
from booking.models import Reservation, Service
from tests.factories import SeekerFactory, bookable_service, slots_of
from tests.guards import no_guard_of_places

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 50


@pytest.fixture(autouse=True)
def many_tries_allowed(settings: object) -> None:
    settings.BOOKING_RATE_LIMITS = {"user": "1000/hour"}


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def signed_in(live_server: LiveServer) -> requests.Session:
    client = Client()
    client.force_login(SeekerFactory.create(), "allauth.account.auth_backends.AuthenticationBackend")
    browser = requests.Session()
    browser.cookies.set(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
    browser.get(live_server.url + reverse("booking:my_page"), timeout=60).raise_for_status()
    return browser


def csrf_of(browser: requests.Session, page: str) -> str:
    marker = 'name="csrfmiddlewaretoken" value="'
    text = browser.get(page, timeout=60).text
    return text.split(marker, 1)[1].split('"', 1)[0]


def rush(live_server: LiveServer, service: Service, *, people: int = PEOPLE) -> list[requests.Response]:
    """Everybody presses the same button at the same moment; the answers after the redirects."""
    page = live_server.url + reverse("booking:times", args=[service.pk])
    start = slots_of(service, now=timezone.now())[0].starts_at.isoformat()
    browsers = [signed_in(live_server) for _person in range(people)]
    forms = [{"start": start, "csrfmiddlewaretoken": csrf_of(browser, page)} for browser in browsers]
    answers: list[requests.Response] = []
    gate = threading.Barrier(people)

    def press(browser: requests.Session, form: dict[str, str]) -> None:
        gate.wait()
        action = live_server.url + reverse("booking:hold", args=[service.pk])
        answers.append(browser.post(action, data=form, headers={"Referer": page}, timeout=120))

    threads = [threading.Thread(target=press, args=pair) for pair in zip(browsers, forms, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_exactly_one_of_50_gets_the_last_place_and_49_see_the_polite_page(live_server: LiveServer) -> None:
    service = bookable_service(counselors=1)
    before = deadlocks()
    answers = rush(live_server, service)
    assert [answer.status_code for answer in answers] == [HTTPStatus.OK] * PEOPLE
    winners = [answer for answer in answers if answer.url.endswith("/details/")]
    losers = [answer for answer in answers if "たったいま埋まりました" in answer.text]
    assert (len(winners), len(losers)) == (1, PEOPLE - 1)
    assert Reservation.objects.filter(status__in=OCCUPYING).count() == 1
    assert deadlocks() == before


def test_three_counselors_serve_exactly_three_of_50(live_server: LiveServer) -> None:
    service = bookable_service(counselors=3)
    before = deadlocks()
    answers = rush(live_server, service)
    assert [answer.status_code for answer in answers] == [HTTPStatus.OK] * PEOPLE
    held = Reservation.objects.filter(status=ReservationStatus.HELD)
    assert held.count() == len(set(held.values_list("counselor", flat=True))) == 3
    assert deadlocks() == before


@pytest.fixture
def without_guards(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    with no_guard_of_places(monkeypatch):
        yield


@pytest.mark.usefixtures("without_guards")
def test_without_constraint_and_lock_the_last_place_is_sold_more_than_once(live_server: LiveServer) -> None:
    rush(live_server, bookable_service(counselors=1), people=10)
    assert Reservation.objects.filter(status__in=OCCUPYING).count() > 1
