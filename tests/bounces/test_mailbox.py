"""The mailbox of returned mails, on a real IMAP server with TLS: every mail is looked at once, none is lost."""

import imaplib
import ssl

import pytest

from mailing.bounces import mailbox
from mailing.bounces.mailbox import MailboxAddress, read_mailbox
from mailing.bounces.reading import MOST_BYTES
from mailing.models import MailState, OutgoingMail
from mailing.periodic import read_bounces
from tests.bounces.reported import raw, sent_mail
from tests.factories import NOW

pytestmark = pytest.mark.django_db
READ, FOR_A_PERSON, UNREAD = {r"\Seen"}, {r"\Seen", r"\Flagged"}, set()


@pytest.mark.requirement("S-25")
def test_a_report_is_noted_and_marked_as_read(imap_server):
    mail = sent_mail()
    imap_server.put(raw("postfix_unknown_user"))
    assert read_mailbox(now=NOW) == 1
    mail.refresh_from_db()
    assert mail.state == MailState.BOUNCED
    assert imap_server.flags() == [READ]


def test_every_mail_is_looked_at_once(imap_server):
    sent_mail()
    imap_server.put(raw("postfix_unknown_user"), raw("vacation"))
    assert [read_mailbox(now=NOW), read_mailbox(now=NOW)] == [2, 0]


def test_what_is_no_report_stays_flagged_for_a_person_and_holds_up_nothing(imap_server):
    mail = sent_mail()
    huge = raw("vacation") + b"x" * MOST_BYTES
    others = raw("postfix_unknown_user", message_id="<somebody@elsewhere.example>")
    imap_server.put(raw("vacation"), raw("damaged"), huge, others, raw("gmail_full"))
    read_mailbox(now=NOW)
    assert imap_server.flags() == [FOR_A_PERSON, FOR_A_PERSON, FOR_A_PERSON, FOR_A_PERSON, READ]
    mail.refresh_from_db()
    assert mail.state == MailState.BOUNCED


def test_a_report_faster_than_the_worker_stays_unread_until_the_next_run(imap_server):
    mail = sent_mail(state=MailState.SENDING)
    imap_server.put(raw("postfix_unknown_user"))
    read_mailbox(now=NOW)
    assert imap_server.flags() == [UNREAD]
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT)
    read_mailbox(now=NOW)
    assert imap_server.flags() == [READ]


def test_a_run_is_bounded_and_the_next_one_goes_on(imap_server, monkeypatch):
    monkeypatch.setattr(mailbox, "MOST_PER_RUN", 2)
    imap_server.put(*[raw("vacation")] * 3)
    assert [read_mailbox(now=NOW), read_mailbox(now=NOW), read_mailbox(now=NOW)] == [2, 1, 0]


def test_mails_in_the_character_sets_of_japan_come_through_unharmed(imap_server):
    mail = sent_mail()
    imap_server.put(raw("keitai_iso2022jp"))
    read_mailbox(now=NOW)
    mail.refresh_from_db()
    assert mail.error.endswith("あて先不明")


def test_beat_reads_it(imap_server):
    sent_mail()
    imap_server.put(raw("postfix_unknown_user"))
    read_bounces()
    assert imap_server.flags() == [READ]


def test_without_a_mailbox_nothing_is_read(settings):
    settings.BOUNCE_MAILBOX_URL = ""
    assert read_mailbox(now=NOW) == 0


def test_a_server_that_cannot_prove_its_name_is_told_no_password(imap_server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(ssl.SSLCertVerificationError):
        read_mailbox(now=NOW)


def test_a_wrong_password_is_an_error_that_operators_see(imap_server, settings):
    settings.BOUNCE_MAILBOX_URL = imap_server.url.replace("word", "wrong")
    with pytest.raises(imaplib.IMAP4.error):
        read_mailbox(now=NOW)


def test_the_address_of_the_mailbox_is_taken_apart():
    assert MailboxAddress.of_url("imaps://a%40b.example:p%2Fw@imap.example/Bounces%2F2026") == MailboxAddress(
        host="imap.example", port=993, user="a@b.example", password="p/w", folder="Bounces/2026"
    )


@pytest.mark.parametrize(
    "url", ["imap://a:b@imap.example/INBOX", "imaps://imap.example/INBOX", "imaps://a@imap.example", "inbox"]
)
def test_a_mailbox_without_tls_or_password_is_none(url):
    with pytest.raises(ValueError, match="imaps://user:password@host/INBOX"):
        MailboxAddress.of_url(url)
