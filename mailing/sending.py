"""One attempt to send one mail: claim the row, write the text, hand it to the SMTP server, note the result.

Two workers never send the same row, nor two mails of one cause at once (ADR 16). What remains is the moment between the
server's "250 accepted" and our commit: a worker that dies there makes the mail go out twice, under the same Message-ID.
The row is marked before that moment, so such a mail is counted (`OutgoingMailQuerySet.perhaps_sent_twice`).
"""

import logging
import time
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Min

from mailing import smtp
from mailing.composers import READY_TEXT, Message, NotYet, Superseded, compose
from mailing.message import attachments_of, build, new_message_id, one_line, without_secrets
from mailing.models import DELAYED_SINCE, HANDING_OVER, MailState, OutgoingMail

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=1) / settings.PACE
LONGEST_PAUSE = timedelta(hours=1) / settings.PACE
MOST_ATTEMPTS = 53
"""Pauses of 1, 2, 4 … 32 and then 60 minutes: the last attempt is about two days after the first."""
SHORTEST_WAIT_FOR_SERVER = timedelta(seconds=30) / settings.PACE
LONGEST_WAIT_FOR_SERVER = timedelta(minutes=10) / settings.PACE
WAIT_FOR_SERVER = timedelta(days=5)
"""So long a mail waits for a server that is away or refuses us (RFC 5321, 4.5.4.1: at least 4 to 5 days)."""
SPREAD = 0.2
"""A pause is up to a fifth longer, so that what failed together does not come back together."""
NOTE_AGAIN_AFTER = (0.1, 0.4, 1, 2, 4, 8, 8)
"""Seconds, together less than the 30 that a task has left (mailing.tasks)."""
CAUSE_LOCK = 4_118
"""Namespace of the advisory locks on causes."""
_dice = SystemRandom()


def send(mail_id: int, *, now: datetime) -> int | None:
    """Try once to send this mail if it is due and its turn. Safe to call any number of times.

    Returns the mail of the same cause whose turn it is then, if there is one.
    """
    mail = claim(mail_id, now=now)
    if mail is None:
        return None
    try:
        message = compose(mail, now=now)
    except NotYet as wait:
        _finish(mail, state=MailState.QUEUED, due_at=wait.until, is_waiting=True, attempts=F("attempts") - 1)
    except Superseded as reason:
        _finish(mail, state=MailState.SUPERSEDED, error=reason.reason[:300], **_without_secret(mail))
    except Exception as error:
        _put_off(mail, error, now=now)
        raise
    else:
        _deliver(mail, message, now=now)
    return _next_in_turn(mail.cause, now=now)


def claim(mail_id: int, *, now: datetime) -> OutgoingMail | None:
    """The row, from now on ours alone; None if it is not due, not its turn, somebody else has it, or it is done.

    The lock on the cause makes one claim see what the other did: each of two mails could else find the other unclaimed.
    """
    with transaction.atomic(durable=True):
        cause = OutgoingMail.objects.filter(pk=mail_id).values_list("cause", flat=True).first()
        if cause is None:
            return None
        lock_cause(cause)
        in_turn = OutgoingMail.objects.due(now).in_turn(now).filter(pk=mail_id)
        mail = in_turn.select_for_update(of=("self",), no_key=True).first()
        if mail is None:
            return None
        mail.state, mail.claimed_at, mail.is_waiting = MailState.SENDING, now, False
        mail.attempts += 1
        mail.save(update_fields=["state", "claimed_at", "is_waiting", "attempts"])
        return mail


def lock_cause(cause: str) -> None:
    """Until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [CAUSE_LOCK, cause])


def pause_after(attempts: int) -> timedelta:
    """1, 2, 4 … minutes, at most an hour."""
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 10)), LONGEST_PAUSE)


def wait_for_server(delayed: timedelta) -> timedelta:
    """A quarter of the time that it has lasted: short after a restart, seldom in a long outage."""
    return min(max(delayed / 4, SHORTEST_WAIT_FOR_SERVER), LONGEST_WAIT_FOR_SERVER)


def _deliver(mail: OutgoingMail, message: Message, *, now: datetime) -> None:
    if not _keep_what_goes_out(mail, message):
        return
    with smtp.connection() as server:
        try:
            smtp.hand_over(build(mail, message), server)
        except smtp.TROUBLE as error:
            _note_trouble(mail, error, now=now)
        else:
            _finish(mail, state=MailState.SENT, sent_at=now, error="", **_without_secret(mail))


def _keep_what_goes_out(mail: OutgoingMail, message: Message) -> bool:
    """Into the row, with the mark that the handing over begins; False if the row was taken from us meanwhile."""
    mail.to = message.to or mail.to
    mail.message_id = mail.message_id or new_message_id()
    mail.subject = one_line(message.subject)[:200]
    mail.context[HANDING_OVER] = True
    kept: dict[str, Any] = {}
    if not mail.is_secret and READY_TEXT not in mail.context:
        kept = {"body": without_secrets(message.body, message), "attachments": attachments_of(message)}
    row = {name: getattr(mail, name) for name in ("to", "message_id", "subject", "context")}
    return bool(_ours(mail).update(**row, **kept))


def _note_trouble(mail: OutgoingMail, error: BaseException, *, now: datetime) -> None:
    if smtp.is_outcome_unknown(error):
        mail.count_as_perhaps_sent()
    match smtp.fault_of(error):
        case smtp.Fault.MAIL_FOR_GOOD:
            _give_up(mail, error)
        case smtp.Fault.MAIL_FOR_NOW:
            _put_off(mail, error, now=now)
        case smtp.Fault.SERVER:
            _wait_for_server(mail, error, now=now)


def _put_off(mail: OutgoingMail, error: BaseException, *, now: datetime) -> None:
    if mail.attempts >= MOST_ATTEMPTS:
        _give_up(mail, error)
        return
    _delay(mail, error, until=now + _spread(pause_after(mail.attempts)), now=now)


def _wait_for_server(mail: OutgoingMail, error: BaseException, *, now: datetime) -> None:
    """Counts as no attempt of this mail."""
    lasted = now - datetime.fromisoformat(mail.context.get(DELAYED_SINCE, now.isoformat()))
    if lasted >= WAIT_FOR_SERVER:
        _give_up(mail, error)
        return
    _delay(mail, error, until=now + _spread(wait_for_server(lasted)), now=now, attempts=F("attempts") - 1)


def _delay(mail: OutgoingMail, error: BaseException, *, until: datetime, now: datetime, **changes: Any) -> None:
    """At the latest when the next mail of the cause is due, which would wait for this one."""
    logger.warning("mail %s: attempt %s failed (%s)", mail.pk, mail.attempts, type(error).__name__)
    mail.context.setdefault(DELAYED_SINCE, now.isoformat())
    later = OutgoingMail.objects.about(mail.cause).filter(state=MailState.QUEUED, pk__gt=mail.pk)
    due_next = later.filter(due_at__gt=now, is_waiting=False).aggregate(at=Min("due_at"))["at"]
    due_at = min(until, due_next or until)
    _finish(mail, state=MailState.DELAYED, due_at=due_at, error=smtp.describe(error), **changes)


def _give_up(mail: OutgoingMail, error: BaseException) -> None:
    logger.error("mail %s: cannot be delivered (%s)", mail.pk, type(error).__name__)
    _finish(mail, state=MailState.FAILED, error=smtp.describe(error), **_without_secret(mail))


def _finish(mail: OutgoingMail, **changes: Any) -> None:
    """Note the result, unless the row was taken from us meanwhile because we seemed dead.

    What the server answered must not be lost: a database that restarts is asked again.
    """
    mail.context.pop(HANDING_OVER, None)
    for pause in NOTE_AGAIN_AFTER:
        try:
            _ours(mail).update(woken_at=None, context=mail.context, **changes)
        except (OperationalError, InterfaceError) as error:
            logger.warning("mail %s: result not noted yet (%s)", mail.pk, type(error).__name__)
            connection.close()
            time.sleep(pause)
        else:
            return
    _ours(mail).update(woken_at=None, context=mail.context, **changes)


def _ours(mail: OutgoingMail) -> Any:
    return OutgoingMail.objects.filter(pk=mail.pk, state=MailState.SENDING, claimed_at=mail.claimed_at)


def _next_in_turn(cause: str, *, now: datetime) -> int | None:
    waiting = OutgoingMail.objects.about(cause).due(now).in_turn(now)
    return waiting.order_by("pk").values_list("pk", flat=True).first()


def _spread(pause: timedelta) -> timedelta:
    return pause * (1 + SPREAD * _dice.random())


def _without_secret(mail: OutgoingMail) -> dict[str, str]:
    return {"body": ""} if mail.is_secret else {}
