"""The mailbox to which undelivered mails come back, read over IMAP with TLS (RFC 3501, RFC 8314).

It belongs to the portal alone: what is unread there has not been looked at yet. Reports are marked as read once they are
noted; what is no report is flagged besides, for a person to look at.
"""

import imaplib
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from mailing.bounces.noting import StillSending, note
from mailing.bounces.reading import MOST_BYTES, NotAReport, read

logger = logging.getLogger(__name__)

IMAPS_PORT = 993
MOST_PER_RUN = 200
TIMEOUT = 20
"""Seconds that the server may take for one answer."""
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


@dataclass(frozen=True, kw_only=True)
class MailboxAddress:
    host: str
    port: int
    user: str
    password: str
    folder: str

    @classmethod
    def of_url(cls, url: str) -> "MailboxAddress":
        """imaps://user:password@host/INBOX, with signs such as @ and / in the password escaped. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme != "imaps" or not (parts.hostname and parts.username and parts.password):
            raise ValueError("a mailbox is written imaps://user:password@host/INBOX")
        return cls(
            host=parts.hostname,
            port=parts.port or IMAPS_PORT,
            user=unquote(parts.username),
            password=unquote(parts.password),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )


def read_mailbox(*, now: datetime) -> int:
    """Note what has come in and return how many mails were looked at. Safe to run twice, and at the same time.

    Raises OSError or imaplib.IMAP4.error when the mailbox cannot be reached: the next run tries again.
    """
    if not settings.BOUNCE_MAILBOX_URL:
        return 0
    with _opened(MailboxAddress.of_url(settings.BOUNCE_MAILBOX_URL)) as mailbox:
        unread = (_answer(mailbox.uid("SEARCH", "UNSEEN"))[0] or b"").split()[:MOST_PER_RUN]
        for uid in unread:
            _look_at(mailbox, uid.decode(), now=now)
    return len(unread)


@contextmanager
def _opened(address: MailboxAddress) -> Iterator[imaplib.IMAP4_SSL]:
    context = ssl.create_default_context()
    with imaplib.IMAP4_SSL(address.host, address.port, ssl_context=context, timeout=TIMEOUT) as mailbox:
        mailbox.login(address.user, address.password)
        quoted = address.folder.replace("\\", "\\\\").replace('"', '\\"')
        _answer(mailbox.select(f'"{quoted}"'))
        yield mailbox


def _look_at(mailbox: imaplib.IMAP4_SSL, uid: str, *, now: datetime) -> None:
    """The mail is marked only after the report is noted: whoever dies in between finds it again."""
    try:
        noted = note(read(_content(mailbox, uid)), now=now)
    except StillSending:
        return
    except NotAReport as reason:
        logger.info("a mail in the mailbox of reports is none: %s", reason)
        noted = None
    flags = r"(\Seen)" if noted else r"(\Seen \Flagged)"
    _answer(mailbox.uid("STORE", uid, "+FLAGS.SILENT", flags))


def _content(mailbox: imaplib.IMAP4_SSL, uid: str) -> bytes:
    """The mail, without marking it. Asks for its size first. Raises NotAReport for a huge one."""
    told = b" ".join(line for line in _answer(mailbox.uid("FETCH", uid, "(RFC822.SIZE)")) if isinstance(line, bytes))
    size = SIZE.search(told)
    if size is None or int(size[1]) > MOST_BYTES:
        raise NotAReport("too large")
    lines = _answer(mailbox.uid("FETCH", uid, "(BODY.PEEK[])"))
    return next((line[1] for line in lines if isinstance(line, tuple)), b"")


def _answer(answer: tuple[str, list[Any]]) -> list[Any]:
    """The lines of an answer. imaplib itself raises for BAD and for a lost connection, not for NO."""
    kind, lines = answer
    if kind != "OK":
        raise imaplib.IMAP4.error(f"the mail server refused: {kind}")
    return lines
