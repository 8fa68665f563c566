import smtplib
import socket
from datetime import datetime
from email.message import EmailMessage

import pytest
from werkzeug.test import Client

from demo.mailbox.codes import totp
from demo.mailbox.pages import MailboxPages
from demo.mailbox.smtp import smtp_server
from demo.mailbox.store import JST, Mailbox
from demo.sample_staff import STAFF, TOTP_SECRETS

RFC_6238_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
NOW = datetime(2026, 4, 1, 9, tzinfo=JST)


@pytest.fixture
def mailbox(tmp_path):
    return Mailbox(tmp_path / "mailbox")


@pytest.fixture
def pages(mailbox):
    return Client(MailboxPages(mailbox))


def mail(
    *, subject="【ハローワーク】予約を受け付けました", body="https://zoom.example/j/1?pwd=a を開いてください。"
) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "yoyaku@portal.example", "a@mihon.example"
    message.set_content(body)
    message.add_alternative(CALENDAR, subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(CALENDAR.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return message


def keep(mailbox, message, *, now=NOW):
    return mailbox.keep(message.as_bytes(), recipients=["a@mihon.example"], now=now)


def test_a_mail_sent_by_smtp_is_in_the_mailbox(mailbox):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = smtp_server(mailbox, host="127.0.0.1", port=port)
    server.start()
    try:
        with smtplib.SMTP("127.0.0.1", port) as connection:
            connection.send_message(mail())
    finally:
        server.stop()
    (kept,) = mailbox.newest_first()
    assert kept.subject == "【ハローワーク】予約を受け付けました"
    assert kept.recipients == ("a@mihon.example",)


def test_mails_survive_a_restart(mailbox):
    key = keep(mailbox, mail())
    assert Mailbox(mailbox.folder).get(key).subject == "【ハローワーク】予約を受け付けました"


def test_the_list_shows_the_newest_first(mailbox, pages):
    keep(mailbox, mail(subject="先"), now=NOW)
    keep(mailbox, mail(subject="後"), now=NOW.replace(hour=10))
    text = pages.get("/").text
    assert text.index("後</a>") < text.index("先</a>")


def test_an_empty_mailbox_says_how_to_get_a_mail(pages):
    assert "メールはまだありません" in pages.get("/").text


def test_a_link_in_the_text_can_be_clicked(mailbox, pages):
    page = pages.get(f"/mails/{keep(mailbox, mail())}").text
    assert '<a href="https://zoom.example/j/1?pwd=a"' in page


def test_markup_in_a_mail_stays_text(mailbox, pages):
    page = pages.get(f"/mails/{keep(mailbox, mail(subject='<script>', body='<b>'))}").text
    assert "<script>" not in page
    assert "<b>" not in page


def test_the_calendar_part_is_shown_and_can_be_downloaded(mailbox, pages):
    key = keep(mailbox, mail())
    assert "METHOD:REQUEST" in pages.get(f"/mails/{key}").text
    download = pages.get(f"/mails/{key}/attachments/2")
    assert download.data == CALENDAR.encode()
    assert download.headers["Content-Disposition"] == "attachment; filename=invite.ics"


def test_the_source_of_a_mail_is_plain_text(mailbox, pages):
    response = pages.get(f"/mails/{keep(mailbox, mail())}/raw")
    assert response.mimetype == "text/plain"
    assert "Subject: " in response.text


@pytest.mark.parametrize("path", ["/mails/none", "/mails/..%2Fsecret", "/mails/none/raw", "/other"])
def test_what_is_not_there_is_not_found(pages, path):
    assert pages.get(path).status_code == 404


def test_an_attachment_that_is_not_there_is_not_found(mailbox, pages):
    assert pages.get(f"/mails/{keep(mailbox, mail())}/attachments/3").status_code == 404


def test_tests_read_the_mails_as_json(mailbox, pages):
    keep(mailbox, mail())
    (message,) = pages.get("/api/messages").json
    assert message["subject"] == "【ハローワーク】予約を受け付けました"
    assert [part["filename"] for part in message["attachments"]] == ["part-1", "invite.ics"]


@pytest.mark.parametrize(
    ("timestamp", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")], ids=str
)
def test_codes_are_those_of_rfc_6238(timestamp, code):
    assert totp(RFC_6238_SECRET, timestamp=timestamp) == code


def test_every_sample_member_of_staff_has_a_code_on_the_page(pages, freeze):
    now = freeze("2026-04-01 09:00").timestamp()
    page = pages.get("/codes").text
    for email in STAFF:
        assert email in page
        assert f"<code>{totp(TOTP_SECRETS[email], timestamp=now)}</code>" in page


def test_the_page_of_a_mail_shows_a_folded_name_whole_and_the_time_in_japan(mailbox, pages):
    folded = (
        b"From: =?utf-8?b?44OP44Ot44O844Ov44O844KvIOOCquODs+ODqeOCpOODs+iBt+alreebuA==?=\r\n =?utf-8?b?6KuH5LqI57SE?="
    )
    key = mailbox.keep(folded + b" <yoyaku@portal.example>\r\n\r\nbody", recipients=["a@mihon.example"], now=NOW)
    received = (mailbox.folder / f"{key}.eml").stat().st_mtime
    page = pages.get(f"/mails/{key}").text
    assert "ハローワーク オンライン職業相談予約" in page
    assert f"{datetime.fromtimestamp(received, JST):%Y-%m-%d %H:%M:%S}" in page
