"""The webhook for mail servers that hand reports over: off unless it has a secret, closed without it, never loud."""

import pytest

from mailing.bounces.reading import MOST_BYTES
from mailing.models import MailState
from tests.bounces.reported import raw, sent_mail

pytestmark = pytest.mark.django_db
ADDRESS = "/webhooks/mail/bounce/"
SECRET = "long-and-random-0123456789"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.BOUNCE_WEBHOOK_SECRET = SECRET


@pytest.fixture
def handed_over(client):
    """What the webhook answers to this mail."""

    def post(content: bytes, *, authorization: str = f"Bearer {SECRET}") -> int:
        headers = {"Authorization": authorization} if authorization else {}
        return client.post(ADDRESS, content, content_type="message/rfc822", headers=headers).status_code

    return post


def test_a_report_is_noted(handed_over):
    mail = sent_mail()
    assert handed_over(raw("postfix_unknown_user")) == 204
    mail.refresh_from_db()
    assert mail.state == MailState.BOUNCED


@pytest.mark.parametrize("authorization", ["", SECRET, "Bearer ", "Bearer wrong", f"Bearer {SECRET}x", "Bearer 秘密"])
def test_without_the_secret_nothing_is_read(handed_over, authorization):
    mail = sent_mail()
    assert handed_over(raw("postfix_unknown_user"), authorization=authorization.encode().decode("latin-1")) == 403
    mail.refresh_from_db()
    assert mail.state == MailState.SENT


def test_it_does_not_exist_while_no_secret_is_set(handed_over, settings):
    settings.BOUNCE_WEBHOOK_SECRET = ""
    assert handed_over(raw("postfix_unknown_user"), authorization="Bearer ") == 404


@pytest.mark.parametrize("name", ["vacation", "damaged", "keitai_plain_text"])
def test_what_is_no_report_goes_back_to_the_server_that_still_has_it(handed_over, name):
    assert handed_over(raw(name)) == 422


def test_a_report_about_a_mail_of_others_goes_back_too(handed_over):
    assert handed_over(raw("postfix_unknown_user")) == 422


def test_a_huge_mail_is_not_read(handed_over):
    assert handed_over(raw("postfix_unknown_user") + b"x" * MOST_BYTES) == 413


def test_a_report_faster_than_the_worker_is_asked_for_again(handed_over):
    sent_mail(state=MailState.SENDING)
    assert handed_over(raw("postfix_unknown_user")) == 503


def test_nobody_reads_the_page(client):
    assert client.get(ADDRESS).status_code == 405


def test_a_browser_that_is_made_to_post_here_has_no_secret(client):
    assert client.post(ADDRESS, {"a": "b"}).status_code == 403
