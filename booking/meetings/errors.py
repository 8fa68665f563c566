"""What can go wrong with the meeting software, told apart by what the caller can do about it.

The text is for the row that staff see: short, never a token, a link or a passcode.
"""

from datetime import datetime


class MeetingError(Exception):
    """Every failure of a provider."""


class RetryLater(MeetingError):
    """Nothing happened; the same call may work in a moment."""


class NoAnswer(RetryLater):
    """As far as one can see nothing happened: no connection, no answer, or only that of a server in trouble (5xx)."""


class WaitUntil(MeetingError):
    """Nothing happened and nothing will before `at`: a daily limit is not cured by seconds of backoff."""

    def __init__(self, detail: str, *, at: datetime) -> None:
        super().__init__(detail)
        self.at = at


class HostUsedUp(WaitUntil):
    """This host has had its create and update calls of the day; another host may have some left."""


class OutOfOrder(WaitUntil):
    """The software has not answered for a while: until `at` nobody asks it (circuit breaker, ADR 13)."""


class OutcomeUnknown(MeetingError):
    """The call may have worked and only the answer was lost: look for the ref before asking again."""


class ConfigurationAlarm(MeetingError):
    """Credentials, scopes, plan or account settings are wrong: an administrator has to act."""


class NotInPlan(ConfigurationAlarm):
    """The plan of the account or the licence of the host does not include what was asked."""


class CannotBeCommanded(ConfigurationAlarm):
    """The portal cannot do this with the software of the meeting: its capabilities do not include it."""


class HostUnavailable(MeetingError):
    """This host does not exist or may not host meetings: the office has to correct the counselor's host."""


class InvalidRequest(MeetingError):
    """The request itself is refused: repeating it as it is will not help."""


class MeetingGone(MeetingError):
    """The meeting does not exist (any more)."""


class NotThereYet(MeetingError):
    """What was asked for does not exist yet, or is not complete: ask again some minutes later."""
