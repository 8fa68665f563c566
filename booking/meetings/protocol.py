"""What the portal asks of any meeting software. Providers raise only booking.meetings.errors."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from typing import Protocol


class Capability(Enum):
    """What a software does at our command. Ask before calling: without it the method raises CannotBeCommanded."""

    CREATE = "create"
    """create, find_by_ref, read"""
    CHANGE = "change"
    CANCEL = "cancel"
    HOST_LINK = "host_link"
    ATTENDANCE = "attendance"
    """attendance, status"""
    LIST = "list"
    """scheduled"""


class MeetingStatus(StrEnum):
    """There is no "ended": a meeting that is over waits for its next start."""

    WAITING = "waiting"
    STARTED = "started"


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


@dataclass(frozen=True, kw_only=True)
class ScheduledMeeting:
    """One entry of a host's list."""

    meeting_id: str
    ref: str
    """Our mark; empty for a meeting that the portal did not make."""
    starts_at: datetime | None
    minutes: int | None
    created_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Stay:
    """From one joining to the next leaving of one participant; who comes back has a second stay. Names are not read."""

    instance: str
    """Every start of the same meeting is an instance of its own."""
    participant: str
    """The software's key of this stay, unique in its instance."""
    is_host: bool
    joined_at: datetime
    left_at: datetime | None


class MeetingProvider(Protocol):
    @property
    def capabilities(self) -> frozenset[Capability]: ...

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

    def status(self, meeting_id: str) -> MeetingStatus:
        """Whether it runs at this moment. Raises MeetingGone."""
        ...

    def attendance(self, meeting_id: str, *, host: str) -> tuple[Stay, ...]:
        """Who was let in, over all instances that have ended, by time; whoever only waited in the lobby is left out.

        `host` is the address the meeting was opened with. An instance in which somebody was alone may tell nobody.
        Raises NotThereYet when no instance has ended, or the software is not done with it, and NotInPlan.
        """
        ...

    def scheduled(self, host: str) -> tuple[ScheduledMeeting, ...]:
        """Every meeting of this host that has not expired, those of others than the portal included."""
        ...
