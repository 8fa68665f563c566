"""The protections of a page are on every answer, also on those that a middleware gives before any page is asked."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import SeekerFactory

pytestmark = pytest.mark.django_db


def assert_is_protected(answer) -> None:
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/nowhere/", 404), ("/mypage/", 302), ("/mypage", 301), ("/admin/", 302), ("/?a=%00", 400)],
)
def test_every_answer_is_protected(client, path, status) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert_is_protected(answer)


def test_a_file_is_protected(client) -> None:
    answer = client.get("/static/css/base.css")

    assert b"".join(answer.streaming_content)
    assert_is_protected(answer)
    answer.close()


def test_the_refusal_of_a_foreign_host_is_protected() -> None:
    answer = Client(SERVER_NAME="evil.example").get("/")

    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert_is_protected(answer)


def test_the_refusal_of_a_foreign_form_is_protected(client) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a@mail.example"})

    assert answer.status_code == 403
    assert_is_protected(answer)


def test_the_admin_that_does_not_exist_for_a_seeker_is_protected(client) -> None:
    client.force_login(SeekerFactory.create())

    answer = client.get(reverse("admin:index"))

    assert answer.status_code == 404
    assert_is_protected(answer)
