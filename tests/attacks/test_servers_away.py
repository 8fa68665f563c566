"""Redis or PostgreSQL is away: people read when to come back, booking goes on, guessing passwords does not."""

import pytest
from django.conf import settings as portal_settings
from django.db import OperationalError
from django.urls import reverse

from booking.models import Reservation
from tests.factories import PASSWORD, SeekerFactory, jst

NOBODY_THERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def redis_is_away(settings) -> None:
    settings.REDIS_URL = NOBODY_THERE
    settings.CACHES = {"default": {**portal_settings.CACHES["default"], "LOCATION": NOBODY_THERE}}


@pytest.fixture
def patient(client):
    """A browser that shows the error page, as people see it."""
    client.raise_request_exception = False
    return client


def assert_is_polite(answer) -> None:
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "ただいま利用できません" in answer.content.decode()
    assert answer.headers["Content-Security-Policy"]


def test_without_redis_a_time_can_still_be_held(way, redis_is_away) -> None:
    held = way.hold(jst(6, 2, 10))

    assert Reservation.objects.get() == held


def test_without_redis_a_reservation_can_still_be_made(way, redis_is_away) -> None:
    held = way.hold(jst(6, 2, 10))
    way.type(held)

    assert way.confirm(held).url == reverse("booking:done", args=[held.number])


def test_without_redis_nobody_can_guess_passwords(patient, now, redis_is_away) -> None:
    seeker = SeekerFactory.create()

    answer = patient.post(reverse("account_login"), {"login": seeker.email, "password": PASSWORD})

    assert_is_polite(answer)


def test_without_redis_asking_for_a_new_password_is_refused_politely(patient, now, redis_is_away) -> None:
    assert_is_polite(patient.post(reverse("account_reset_password"), {"email": "a@mail.example"}))


@pytest.mark.requirement("J-19")
def test_without_the_database_the_page_says_when_to_come_back(patient, now, monkeypatch) -> None:
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
        answer = patient.get(reverse("booking:start"))

    assert_is_polite(answer)


def test_a_fault_of_our_own_stays_an_error(patient, now, monkeypatch) -> None:
    monkeypatch.setattr("booking.views.pages.render", lambda *_args, **_kwargs: 1 / 0)

    assert patient.get(reverse("booking:start")).status_code == 500
