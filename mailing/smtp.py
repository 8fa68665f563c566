"""The SMTP server: one mail handed over, and whose fault it is when that does not work.

Never more than one mail and one recipient in a connection: what a server says about one of them says nothing about another.
"""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from mailing.message import one_line

CLOSING = 421
"""“Service not available, closing transmission channel”: said of the server, at any command (RFC 5321, 3.8)."""
SIGN_IN_FIRST = 530
"""“Authentication required” (RFC 4954, 6): our setting is wrong, not the address."""


class NothingSentError(OSError):
    """The mail backend said that it sent nothing: `EmailMessage.send()` returns 0 and raises no error."""


class NoServerError(OSError):
    """No connection, no encryption or no sign-in: nothing was said about any mail yet."""


class Fault(Enum):
    MAIL_FOR_GOOD = "the server refuses this mail, whenever it comes"
    MAIL_FOR_NOW = "this mail did not go through; it may later"
    SERVER = "the server is away or refuses us: no mail's fault"


TROUBLE = (OSError, ValueError, SoftTimeLimitExceeded)
"""What `hand_over` may raise: smtplib's errors are OSErrors, an address or header that cannot be one is a ValueError."""


@contextmanager
def connection() -> Iterator[BaseEmailBackend]:
    """Says goodbye to the server after the block, so that the block can note the server's answer before."""
    backend = get_connection()
    try:
        yield backend
    finally:
        backend.close()


def hand_over(email: EmailMessage, backend: BaseEmailBackend) -> None:
    """Returns when the server took the mail. Raises one of TROUBLE."""
    try:
        backend.open()
    except OSError as error:
        raise NoServerError(describe(error)) from error
    email.connection = backend
    if not email.send():
        raise NothingSentError("the mail backend sent nothing")


def fault_of(error: BaseException) -> Fault:
    match error:
        case NoServerError() | smtplib.SMTPSenderRefused():
            return Fault.SERVER
        case smtplib.SMTPRecipientsRefused():
            return _by_code(max(code for code, _text in error.recipients.values()))
        case smtplib.SMTPDataError():
            return _by_code(error.smtp_code)
        case ValueError():
            return Fault.MAIL_FOR_GOOD
    return Fault.MAIL_FOR_NOW


def is_outcome_unknown(error: BaseException) -> bool:
    """The server went silent in the middle: it may have taken the mail and not have been heard saying so."""
    return isinstance(error, smtplib.SMTPServerDisconnected | SoftTimeLimitExceeded)


def describe(error: BaseException) -> str:
    """For staff: the server's own words, on one line."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            words = " ".join(f"{code} {_readable(text)}" for code, text in error.recipients.values())
        case smtplib.SMTPResponseException():
            words = f"{error.smtp_code} {_readable(error.smtp_error)}"
        case NoServerError():
            words = str(error)
        case _:
            words = f"{type(error).__name__}: {error}"
    return one_line(words)[:300]


def _by_code(code: int) -> Fault:
    if code in (CLOSING, SIGN_IN_FIRST):
        return Fault.SERVER
    return Fault.MAIL_FOR_GOOD if code >= 500 else Fault.MAIL_FOR_NOW


def _readable(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text
