"""Who writes the text of which mail: a registry of composers by kind, filled by each app's `mails` module."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailing.models import OutgoingMail


@dataclass(frozen=True, kw_only=True)
class CalendarFile:
    """`invite.ics`. With a method it is an invitation (RFC 6047): the MIME header and the body name the same one."""

    content: bytes
    method: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a mail says, decided at the moment of sending."""

    subject: str
    body: str
    calendar: CalendarFile | None = None
    reply_to: str = ""
    to: str = ""
    """The address of today, where it may have changed since the mail was queued. Empty: the one that was queued."""
    secrets: tuple[str, ...] = ()
    """What opens something to whoever knows it, such as a passcode: it goes out, but the ledger does not keep it."""


class NotYet(Exception):
    """What the mail has to say is not known yet: ask again at `until`, or earlier when its cause wakes it."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"not before {until.isoformat()}")
        self.until = until


class Superseded(Exception):
    """The mail has nothing to say any more, for example the reminder of a cancelled reservation.

    Staff read the reason beside the mail.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Composer(Protocol):
    def __call__(self, mail: OutgoingMail, *, now: datetime) -> Message: ...


READY_TEXT = "ready_text"
"""Key in `context` of a mail whose text was complete when it was queued."""

_composers: dict[str, Composer] = {}


def composer(kind: str) -> Callable[[Composer], Composer]:
    def register(compose: Composer) -> Composer:
        if _composers.setdefault(kind, compose) is not compose:
            raise ValueError(f"two composers for mails of kind {kind}")
        return compose

    return register


def kinds() -> frozenset[str]:
    return frozenset(_composers)


def compose(mail: OutgoingMail, *, now: datetime) -> Message:
    """The text of this mail now. Raises NotYet or Superseded."""
    if mail.context.get(READY_TEXT):
        return Message(subject=mail.subject, body=mail.body)
    return _composers[mail.kind](mail, now=now)
