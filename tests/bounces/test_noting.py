"""What a report does to our mail: only the right one, only once, only to the mail it is about."""

import pytest
from django.db import transaction

from mailing.bounces.noting import StillSending, note
from mailing.bounces.reading import read
from mailing.models import DeliveryReport, MailState, OutgoingMail, ReportAction
from mailing.queue import send_again
from tests.bounces.reported import ADDRESS, raw, sent_mail
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def noted(name: str, **about) -> DeliveryReport | None:
    return note(read(raw(name, **about)), now=NOW)


@pytest.mark.requirement("S-25")
def test_a_mail_that_a_server_gave_up_has_bounced_in_its_words():
    mail = sent_mail()
    noted("postfix_unknown_user")
    mail.refresh_from_db()
    assert (mail.state, mail.bounced_at) == (MailState.BOUNCED, NOW)
    assert mail.error.startswith("550 5.1.1 <ichiro@mail.example>: Recipient address rejected")


def test_the_code_goes_before_words_that_do_not_name_it():
    mail = sent_mail()
    noted("keitai_iso2022jp")
    mail.refresh_from_db()
    assert mail.error == f"5.0.0 550 Unknown user {ADDRESS} あて先不明"


@pytest.mark.parametrize(
    ("name", "action"), [("postfix_delayed", ReportAction.DELAYED), ("relayed", ReportAction.RELAYED)]
)
def test_what_is_only_late_or_passed_on_is_noted_and_changes_nothing(name, action):
    mail = sent_mail()
    noted(name)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (MailState.SENT, "")
    assert mail.reports.get().action == action


def test_reading_the_same_report_twice_is_harmless():
    mail = sent_mail()
    first, second = noted("postfix_unknown_user"), noted("postfix_unknown_user")
    assert first == second
    assert mail.reports.count() == 1


def test_a_report_read_again_after_the_mail_was_sent_anew_does_not_touch_it():
    mail = sent_mail()
    noted("postfix_unknown_user")
    send_again([mail], now=NOW)
    assert noted("postfix_unknown_user") is None
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED


@pytest.mark.parametrize("message_id", ["<somebody@elsewhere.example>", "<3F1C9C1E@hellowork-sample.example>"])
def test_a_report_that_does_not_know_our_message_id_counts_for_nothing(message_id):
    mail = sent_mail()
    assert noted("postfix_unknown_user", message_id=message_id) is None
    mail.refresh_from_db()
    assert (mail.state, DeliveryReport.objects.count()) == (MailState.SENT, 0)


def test_a_mail_that_was_never_sent_is_found_by_no_report():
    OutgoingMail.objects.create(kind="note", cause="1", to=ADDRESS, due_at=NOW)
    assert noted("postfix_unknown_user", message_id="<>") is None


def test_a_report_about_another_address_is_noted_and_changes_nothing():
    mail = sent_mail()
    noted("another_recipient")
    mail.refresh_from_db()
    assert (mail.state, mail.reports.get().action) == (MailState.SENT, ReportAction.FAILED)


def test_a_mail_that_was_forwarded_by_our_address_and_then_failed_has_bounced():
    mail = sent_mail()
    noted("forwarded_then_failed")
    mail.refresh_from_db()
    assert mail.state == MailState.BOUNCED


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.FAILED, MailState.SUPERSEDED])
def test_a_mail_that_no_server_has_is_not_called_bounced(state):
    mail = sent_mail(state=state)
    noted("postfix_unknown_user")
    mail.refresh_from_db()
    assert mail.state == state


def test_a_report_that_is_faster_than_the_worker_is_brought_again():
    mail = sent_mail(state=MailState.SENDING, sent_at=None)
    with pytest.raises(StillSending), transaction.atomic():
        noted("postfix_unknown_user")
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, sent_at=NOW)
    noted("postfix_unknown_user")
    mail.refresh_from_db()
    assert mail.state == MailState.BOUNCED
