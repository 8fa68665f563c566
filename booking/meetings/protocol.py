"""What the portal asks of any meeting software. Providers raise only booking.meetings.errors."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class MeetingRequest:
    """`topic` is seen by everybody in the meeting and in the software's own portal: no personal data."""

    host: str
    starts_at: datetime
    minutes: int
    topic: str
    ref: str


@dataclass(frozen=True, kw_only=True)
class CreatedMeeting:
    """Link and passcode admit whoever holds them, so they stay out of every repr and so out of the logs."""

    meeting_id: str
    join_url: str = field(repr=False)
    passcode: str = field(repr=False)
    starts_at: datetime | None = None
    """When the software believes the meeting to begin; None where it does not say."""
    minutes: int | None = None
    deviations: tuple[str, ...] = ()
    """What the software set differently from what was asked: the meeting works, the account needs a look."""


class MeetingProvider(Protocol):
    def create(self, request: MeetingRequest, *, now: datetime) -> CreatedMeeting:
        """Open a meeting. Not safe to repeat: after OutcomeUnknown ask find_by_ref first."""
        ...

    def find_by_ref(self, host: str, *, ref: str) -> tuple[str, ...]:
        """The ids of this host's meetings that carry the mark, oldest first."""
        ...

    def read(self, meeting_id: str) -> CreatedMeeting:
        """What `create` answered, asked for again. Raises MeetingGone."""
        ...

    def change(self, meeting_id: str, request: MeetingRequest, *, now: datetime) -> CreatedMeeting:
        """Give the meeting the time of the request; number, link and passcode stay. Safe to repeat. Raises MeetingGone."""
        ...

    def cancel(self, meeting_id: str) -> None:
        """End the meeting if it runs, then delete it. One that is gone already is success."""
        ...

    def host_url(self, meeting_id: str) -> str:
        """The link that signs its bearer in as host: fetched on demand, never stored, logged or mailed."""
        ...
