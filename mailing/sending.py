"""One attempt to send one mail: claim the row, write the text, hand it to the SMTP server, note the result.

Two workers never send the same row: the claim is one conditional UPDATE. What remains is the moment between the
server's "250 accepted" and our commit; a worker that dies there makes the mail go out twice, under the same Message-ID.
"""

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F

from mailing.composers import Message, NotYet, Superseded, compose
from mailing.message import build, new_message_id, one_line
from mailing.models import CORRECTED_TO, MailState, OutgoingMail

logger = logging.getLogger(__name__)

LONGEST_PAUSE = timedelta(hours=1)
MOST_ATTEMPTS = 53
"""Pauses of 1, 2, 4 … 32 and then 60 minutes: the last attempt is about two days after the first."""


class NothingSentError(OSError):
    """The mail backend said that it sent nothing: `EmailMessage.send()` returns 0 and raises no error."""


def send(mail_id: int, *, now: datetime) -> None:
    """Try once to send this mail if it is due and nobody else has it. Safe to call any number of times."""
    mail = claim(mail_id, now=now)
    if mail is None:
        return
    try:
        message = compose(mail, now=now)
    except NotYet as wait:
        _finish(mail, state=MailState.QUEUED, due_at=wait.until, is_waiting=True, attempts=F("attempts") - 1)
    except Superseded as reason:
        _finish(mail, state=MailState.SUPERSEDED, error=reason.reason[:300], **_without_secret(mail))
    except Exception as error:
        _try_later(mail, error, now=now)
        raise
    else:
        _deliver(mail, message, now=now)


def claim(mail_id: int, *, now: datetime) -> OutgoingMail | None:
    """The row, from now on ours alone; None if it is not due, somebody else has it, or it is done."""
    with transaction.atomic(durable=True):
        due = OutgoingMail.objects.due(now).filter(pk=mail_id)
        if not due.update(state=MailState.SENDING, claimed_at=now, attempts=F("attempts") + 1, is_waiting=False):
            return None
        return OutgoingMail.objects.get(pk=mail_id)


def pause_after(attempts: int) -> timedelta:
    """1, 2, 4 … minutes, at most an hour."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)


def is_permanent(error: Exception) -> bool:
    """Did the server refuse this very mail for good? Refusing us (password, sender) is a fault that will be mended."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(code >= 500 for code, _text in error.recipients.values())
        case smtplib.SMTPDataError():
            return error.smtp_code >= 500
        case ValueError():
            return True
    return False


def describe(error: Exception) -> str:
    """For staff: the server's own words, on one line."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            words = " ".join(f"{code} {_readable(text)}" for code, text in error.recipients.values())
        case smtplib.SMTPResponseException():
            words = f"{error.smtp_code} {_readable(error.smtp_error)}"
        case _:
            words = f"{type(error).__name__}: {error}"
    return one_line(words)[:300]


def _readable(text: bytes | str) -> str:
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def _deliver(mail: OutgoingMail, message: Message, *, now: datetime) -> None:
    mail.to = mail.context.get(CORRECTED_TO) or message.to or mail.to
    mail.message_id = mail.message_id or new_message_id()
    mail.subject = one_line(message.subject)[:200]
    mail.body = message.body
    mail.save(update_fields=["to", "message_id", "subject", "body"])
    try:
        _hand_over(build(mail, message))
    except (OSError, ValueError) as error:
        if is_permanent(error):
            _give_up(mail, error)
        else:
            _try_later(mail, error, now=now)
    else:
        _finish(mail, state=MailState.SENT, sent_at=now, error="", **_without_secret(mail))


def _hand_over(email: EmailMessage) -> None:
    """Raises OSError (all SMTP errors are) or ValueError. Django leaves the connection open when signing in fails."""
    email.connection = get_connection()
    try:
        if not email.send():
            raise NothingSentError("the mail backend sent nothing")
    finally:
        email.connection.close()


def _try_later(mail: OutgoingMail, error: Exception, *, now: datetime) -> None:
    if mail.attempts >= MOST_ATTEMPTS:
        _give_up(mail, error)
        return
    logger.warning("mail %s: attempt %s failed (%s)", mail.pk, mail.attempts, type(error).__name__)
    _finish(mail, state=MailState.QUEUED, due_at=now + pause_after(mail.attempts), error=describe(error))


def _give_up(mail: OutgoingMail, error: Exception) -> None:
    logger.error("mail %s: cannot be delivered (%s)", mail.pk, type(error).__name__)
    _finish(mail, state=MailState.FAILED, error=describe(error), **_without_secret(mail))


def _finish(mail: OutgoingMail, **changes: Any) -> None:
    """Note the result, unless the row was taken from us meanwhile because we seemed dead."""
    ours = OutgoingMail.objects.filter(pk=mail.pk, state=MailState.SENDING, claimed_at=mail.claimed_at)
    ours.update(woken_at=None, **changes)


def _without_secret(mail: OutgoingMail) -> dict[str, str]:
    return {"body": ""} if mail.is_secret else {}
