"""From text to MIME: plain text always, base64 UTF-8, and an invitation as RFC 6047 wants it."""

import re
from email.charset import BASE64, Charset
from email.header import Header
from email.utils import formatdate, parseaddr
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import SafeMIMEText

from mailing.composers import CalendarFile, Message
from mailing.models import OutgoingMail

LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

FOLD = r"(?:\r?\n[ \t])?"
CALENDAR_NAME = "invite.ics"
NOT_KEPT = "●●●●●●"
"""Stands in the ledger for what a message names as secret."""


def one_line(text: str) -> str:
    """Without line breaks and other control characters: nothing a person typed can start a new header or line."""
    return LINE_BREAKS.sub(" ", text).strip()


def our_address() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def new_message_id() -> str:
    return f"<{uuid4()}@{our_address().rpartition('@')[2]}>"


class PortalMail(EmailMultiAlternatives):
    """Django counts the lines of a long Japanese header without its name and then begins with an empty line.

    Some servers take that for the end of the header, and its first character becomes a space. `from_email` is the
    envelope's sender, to which servers report what they could not deliver; people see the header.
    """

    def message(self) -> Any:  # type: ignore[override]  # the stubs are those of Django 6
        mime = super().message()
        mime.replace_header("Subject", _encoded("Subject", str(self.subject)))
        name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
        mime.replace_header("From", f"{_encoded('From', name)} <{address}>" if name else address)
        return mime


def build(mail: OutgoingMail, message: Message) -> EmailMultiAlternatives:
    """The mail as it goes out. Raises ValueError for an address or header that cannot be one."""
    if mail.to != one_line(mail.to) or "@" not in mail.to:
        raise ValueError("not a mail address")
    email = PortalMail(
        subject=mail.subject,
        body=message.body,
        from_email=settings.MAIL_BOUNCES_TO or settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={
            "From": settings.DEFAULT_FROM_EMAIL,
            "Message-ID": mail.message_id,
            "Date": formatdate(),
            "Auto-Submitted": "auto-generated",
        },
    )
    email.encoding = base64_utf8()
    if message.calendar:
        _attach(email, message.calendar)
    return email


def attachments_of(message: Message) -> list[dict[str, str]]:
    """For the ledger: [{"name", "content_type", "content"}]."""
    if message.calendar is None:
        return []
    content = without_secrets(message.calendar.content.decode(), message)
    content_type = f"text/calendar; method={message.calendar.method}"
    return [{"name": CALENDAR_NAME, "content_type": content_type, "content": content}]


def without_secrets(text: str, message: Message) -> str:
    """Also where a calendar file breaks them over lines (RFC 5545, 3.1)."""
    for secret in filter(None, message.secrets):
        text = re.sub(FOLD.join(map(re.escape, secret)), NOT_KEPT, text)
    return text


def base64_utf8() -> Charset:
    """Base64 passes every server on the way, also those without 8BITMIME (domain-and-standards B.7)."""
    charset = Charset("utf-8")
    charset.body_encoding = BASE64
    return charset


def _encoded(header: str, text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", header_name=header).encode()


def _attach(email: EmailMultiAlternatives, calendar: CalendarFile) -> None:
    text = calendar.content.decode()
    email.attach_alternative(text, f"text/calendar; method={calendar.method}")
    attached = SafeMIMEText(text, "plain", base64_utf8())  # type: ignore[arg-type]
    attached.replace_header("Content-Type", 'application/ics; charset="utf-8"')
    attached.add_header("Content-Disposition", "attachment", filename=CALENDAR_NAME)
    email.attach(attached)
