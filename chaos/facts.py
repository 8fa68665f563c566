"""Everything the judge looks at: plain values, gathered from the database, the stand-in, the mail server and the clients."""

from dataclasses import dataclass
from datetime import datetime

from chaos.told import Telling


@dataclass(frozen=True, kw_only=True)
class Booked:
    """A reservation as the database has it. Moments are aware."""

    number: str
    status: str
    is_live: bool
    """It is to take place."""
    is_occupying: bool
    """It takes up the time of its counselor, person and host."""
    starts_at: datetime
    ends_at: datetime
    counselor: int
    seeker: str
    host: str
    host_until: datetime | None
    sequence: int
    """How often it was moved."""
    set_at: datetime
    """Since when it has this time."""
    reminders: tuple[tuple[str, datetime], ...]
    """Kind and due moment of each."""


@dataclass(frozen=True, kw_only=True)
class MeetingRow:
    number: str
    """Of its reservation."""
    ref: str
    state: str
    meeting_id: str
    can_be_entered: bool
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class ZoomMeeting:
    meeting_id: str
    ref: str
    host: str
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, kw_only=True)
class MailRow:
    number: str
    """Of its reservation; empty for a mail about something else."""
    kind: str
    occurrence: str
    state: str
    is_overdue: bool
    """Due, and neither sent nor superseded nor given up for a reason that the person brought about."""
    message_id: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A mail that the server accepted. Moments are Unix time."""

    message_id: str
    to: str
    began_at: float
    accepted_at: float
    ended_well: bool
    """The client said goodbye. It did not when it was killed, or the line was cut, around the server's answer."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    now: datetime
    booked: tuple[Booked, ...]
    meetings: tuple[MeetingRow, ...]
    zoom: tuple[ZoomMeeting, ...]
    mails: tuple[MailRow, ...]
    deliveries: tuple[Delivery, ...]
    told: tuple[Telling, ...]
    outages: tuple[tuple[float, float], ...] = ()
    """When the database was away, and the second before: nobody could note anything. Unix time."""
