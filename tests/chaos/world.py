"""A small world in which everything is right, for tests that spoil one thing of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chaos.facts import Booked, Delivery, Facts, MailRow, MeetingRow, ZoomMeeting
from chaos.told import Telling

NOW = datetime(2026, 6, 1, 1, tzinfo=UTC)
TUESDAY = datetime(2026, 6, 2, 1, tzinfo=UTC)
LENGTH = timedelta(minutes=30)


def booked(number: str = "AAAA2222", **fields) -> Booked:
    """Live, reserved an hour ago; its day-before reminder was due ten minutes ago."""
    values = {
        "number": number,
        "status": "confirmed",
        "is_live": True,
        "is_occupying": True,
        "starts_at": TUESDAY,
        "ends_at": TUESDAY + LENGTH,
        "counselor": 1,
        "seeker": "a@mail.example",
        "host": "host@zoom.example",
        "host_until": TUESDAY + LENGTH,
        "sequence": 0,
        "set_at": NOW - timedelta(hours=1),
        "reminders": (
            ("reminder_day_before", NOW - timedelta(minutes=10)),
            ("reminder_hour_before", TUESDAY - timedelta(hours=1)),
        ),
    }
    return Booked(**{**values, **fields})


def mail(kind: str, *, number: str = "AAAA2222", occurrence: str = "0", **fields) -> MailRow:
    values = {"state": "sent", "is_overdue": False, "message_id": f"<{number}-{kind}-{occurrence}@portal>"}
    return MailRow(number=number, kind=kind, occurrence=occurrence, **{**values, **fields})


def delivery(of: MailRow, *, minute: float = 0, ended_well: bool = True) -> Delivery:
    """`minute` after NOW."""
    moment = NOW.timestamp() + 60 * minute
    return Delivery(
        message_id=of.message_id, to="a@mail.example", began_at=moment, accepted_at=moment, ended_well=ended_well
    )


def telling(what: str = "booked", *, minute: float = -60, start: datetime = TUESDAY, **fields) -> Telling:
    values = {"number": "AAAA2222", "seeker": "a@mail.example", "counselor": 1}
    return Telling(what=what, start=start.isoformat(), at=NOW.timestamp() + 60 * minute, **{**values, **fields})


CONFIRMED, REMINDER = mail("reservation_confirmed"), mail("reminder_day_before")
MEETING = ZoomMeeting(meeting_id="81", ref="r1", host="host@zoom.example", starts_at=TUESDAY, minutes=30)
ROW = MeetingRow(number="AAAA2222", ref="r1", state="open", meeting_id="81", can_be_entered=True)
ALL_IS_WELL = Facts(
    now=NOW,
    booked=(booked(),),
    meetings=(ROW,),
    zoom=(MEETING,),
    mails=(CONFIRMED, REMINDER),
    deliveries=(delivery(CONFIRMED, minute=-59), delivery(REMINDER, minute=-9)),
    told=(telling(),),
)
CANCELLED_MAIL = mail("cancelled_by_seeker")
CANCELLED = replace(
    ALL_IS_WELL,
    booked=(booked(status="cancelled_by_seeker", is_live=False, is_occupying=False),),
    meetings=(replace(ROW, state="closed", can_be_entered=False),),
    zoom=(),
    mails=(CONFIRMED, replace(REMINDER, state="superseded", message_id=""), CANCELLED_MAIL),
    deliveries=(delivery(CONFIRMED, minute=-59), delivery(CANCELLED_MAIL, minute=-29)),
    told=(telling(), telling("cancelled", minute=-30)),
)
