"""From facts to figures. Nothing here asks a server; every figure counts what is wrong, so each should be 0."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from chaos.facts import Booked, Delivery, Facts, MailRow, ZoomMeeting
from chaos.told import Telling

CONFIRMED, MOVED, CANCELLED = "reservation_confirmed", "moved", "cancelled_by_seeker"
REMINDERS = ("reminder_day_before", "reminder_hour_before")
LAST_LOOK = 1.0
"""Seconds between a worker's last look at the reservation and its first word to the mail server."""
JUST_DUE = timedelta(seconds=2)
"""A reminder that is due so short a time ago may still be on its way."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with whom; `explained` is counted apart."""

    figure: str
    what: str


FIGURES = {
    "meetings": "live reservations without exactly one open meeting",
    "times": "live reservations whose one meeting is at another time",
    "orphans": "meetings at Zoom without a live reservation, after the sweep",
    "doubled": "mails of one kind and occurrence delivered twice",
    "missing": "mails missing",
    "late reminders": "reminders after a cancellation, or of a time that no longer holds",
    "double booked": "double bookings of a counselor, a person or a host, in the database",
    "told double": "double bookings of a counselor or a person, from what clients were told",
    "told not so": "bookings, moves and cancellations that a client was told of and that are not so",
}
DOUBLED_AND_EXPLAINED = "doubled, explained"
"""The server accepted the mail, and its sender could not note that any more: same Message-ID."""


def judge(facts: Facts) -> list[Finding]:
    found: list[Finding] = []
    for figure, look in LOOKS.items():
        found += [Finding(figure=figure, what=what) for what in look(facts)]
    found += [Finding(figure=DOUBLED_AND_EXPLAINED, what=what) for what in explained_doubles(facts)]
    return found


def counts(found: Iterable[Finding]) -> Counter[str]:
    return Counter(finding.figure for finding in found)


def without_one_meeting(facts: Facts) -> Iterator[str]:
    rows = {(row.number, row.meeting_id) for row in facts.meetings if row.can_be_entered}
    for booked, at_zoom in _live(facts):
        if len(at_zoom) != 1:
            yield f"{booked.number}: {len(at_zoom)} meetings at Zoom ({_states(facts, booked.number)})"
        elif (booked.number, at_zoom[0].meeting_id) not in rows:
            yield f"{booked.number}: its meeting is not the one the portal leads to ({_states(facts, booked.number)})"
        elif at_zoom[0].host != booked.host:
            yield f"{booked.number}: its meeting is of {at_zoom[0].host}, the session of {booked.host}"


def at_another_time(facts: Facts) -> Iterator[str]:
    for booked, at_zoom in _live(facts):
        for meeting in at_zoom if len(at_zoom) == 1 else []:
            if (meeting.starts_at, meeting.minutes) != (_minute(booked.starts_at), _minutes(booked)):
                yield f"{booked.number}: its meeting is at {meeting.starts_at}, the session at {booked.starts_at}"


def orphans(facts: Facts) -> Iterator[str]:
    refs = _refs(facts)
    live = {booked.number for booked in facts.booked if booked.is_live}
    for meeting in facts.zoom:
        number = refs.get(meeting.ref, "")
        if number not in live:
            yield f"meeting {meeting.meeting_id} of {number or 'nobody'}"


def unexplained_doubles(facts: Facts) -> Iterator[str]:
    for name, copies in _copies(facts):
        if not all(_could_not_be_noted(copy, facts) for copy in copies[:-1]):
            yield f"{name}: {len(copies)} times"
    known = {mail.message_id for mail in facts.mails}
    for delivery in facts.deliveries:
        if delivery.message_id not in known:
            yield f"a mail to {delivery.to} that the ledger does not know"


def explained_doubles(facts: Facts) -> Iterator[str]:
    for name, copies in _copies(facts):
        if all(_could_not_be_noted(copy, facts) for copy in copies[:-1]):
            yield f"{name}: {len(copies)} times"


def missing_mails(facts: Facts) -> Iterator[str]:
    delivered = {delivery.message_id for delivery in facts.deliveries}
    rows = {(mail.number, mail.kind, mail.occurrence): mail for mail in facts.mails}
    for wanted in _wanted(facts):
        mail = rows.get(wanted)
        if mail is None:
            yield f"{' '.join(wanted)}: not in the ledger"
        elif not mail.message_id or mail.message_id not in delivered:
            yield f"{' '.join(wanted)}: {mail.state} {mail.error}"
    wanted_rows = set(_wanted(facts))
    for key, mail in rows.items():
        if mail.is_overdue and key not in wanted_rows:
            yield f"{' '.join(key)}: still {mail.state} {mail.error}"


def late_reminders(facts: Facts) -> Iterator[str]:
    """Judged by what clients were told, not by the rows that decide."""
    kinds = {mail.message_id: mail for mail in facts.mails if mail.kind in REMINDERS and mail.message_id}
    for delivery in facts.deliveries:
        mail = kinds.get(delivery.message_id)
        if mail is None:
            continue
        changes = [
            told
            for told in facts.told
            if told.number == mail.number and told.is_certain and told.what in ("cancelled", "moved")
        ]
        before = [told for told in changes if told.at + LAST_LOOK < delivery.began_at]
        moves = sum(told.what == "moved" for told in before)
        if any(told.what == "cancelled" for told in before) or int(mail.occurrence) < moves:
            yield f"{mail.number}: {mail.kind} {delivery.began_at - before[-1].at:.1f} s after the change"


def double_booked(facts: Facts) -> Iterator[str]:
    taking = [booked for booked in facts.booked if booked.is_occupying]
    for what, whose in (
        ("counselor", lambda b: b.counselor),
        ("person", lambda b: b.seeker),
        ("host", lambda b: b.host),
    ):
        yield from _overlaps(what, taking, whose)


def told_double_booked(facts: Facts) -> Iterator[str]:
    length = next((booked.ends_at - booked.starts_at for booked in facts.booked), timedelta(minutes=30))
    standing = [
        (told, datetime.fromisoformat(told.start))
        for told in _last_told(facts).values()
        if told is not None and told.what != "cancelled"
    ]
    for what, whose in (("counselor", lambda told: told.counselor), ("person", lambda told: told.seeker)):
        for (one, first), (other, second) in combinations(standing, 2):
            if whose(one) == whose(other) and abs(first - second) < length:
                yield f"{what} {whose(one)}: {one.number} and {other.number}"


def told_but_not_so(facts: Facts) -> Iterator[str]:
    booked = {row.number: row for row in facts.booked}
    for number, told in _last_told(facts).items():
        row = booked.get(number)
        if row is None:
            yield f"{number}: told, but there is none"
        elif told is None:
            continue
        elif (told.what != "cancelled") != row.is_live:
            yield f"{number}: told {told.what}, but {row.status}"
        elif row.is_live and datetime.fromisoformat(told.start) != row.starts_at:
            yield f"{number}: told {told.start}, but {row.starts_at.isoformat()}"


LOOKS: dict[str, Callable[[Facts], Iterator[str]]] = {
    "meetings": without_one_meeting,
    "times": at_another_time,
    "orphans": orphans,
    "doubled": unexplained_doubles,
    "missing": missing_mails,
    "late reminders": late_reminders,
    "double booked": double_booked,
    "told double": told_double_booked,
    "told not so": told_but_not_so,
}


def _could_not_be_noted(copy: Delivery, facts: Facts) -> bool:
    """The sender died, the line was cut, or the database was away."""
    return not copy.ended_well or any(begin <= copy.accepted_at <= end for begin, end in facts.outages)


def _live(facts: Facts) -> Iterator[tuple[Booked, list[ZoomMeeting]]]:
    """Each live reservation with its meetings at Zoom."""
    refs = _refs(facts)
    for booked in facts.booked:
        if booked.is_live:
            yield booked, [meeting for meeting in facts.zoom if refs.get(meeting.ref) == booked.number]


def _refs(facts: Facts) -> dict[str, str]:
    return {row.ref: row.number for row in facts.meetings}


def _states(facts: Facts, number: str) -> str:
    rows = [f"{row.state} {row.error}".strip() for row in facts.meetings if row.number == number]
    return "; ".join(rows) or "no row"


def _minute(moment: datetime) -> datetime:
    """Zoom keeps whole seconds."""
    return moment.replace(microsecond=0)


def _minutes(booked: Booked) -> int:
    return (booked.ends_at - booked.starts_at) // timedelta(minutes=1)


def _copies(facts: Facts) -> Iterator[tuple[str, list[Delivery]]]:
    """Mails that were accepted more than once, each with its deliveries in order."""
    mails: dict[str, MailRow] = {mail.message_id: mail for mail in facts.mails if mail.message_id}
    by_key: dict[Hashable, list[Delivery]] = defaultdict(list)
    for delivery in sorted(facts.deliveries, key=lambda delivery: delivery.accepted_at):
        mail = mails.get(delivery.message_id)
        if mail is not None:
            by_key[f"{mail.number} {mail.kind} {mail.occurrence}"].append(delivery)
    return ((str(key), copies) for key, copies in by_key.items() if len(copies) > 1)


def _wanted(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Reservation, kind and occurrence of every mail that must have come."""
    for booked in facts.booked:
        occurrence = str(booked.sequence)
        if booked.status == CANCELLED:
            yield booked.number, CANCELLED, occurrence
        if not booked.is_live:
            continue
        yield booked.number, MOVED if booked.sequence else CONFIRMED, occurrence
        for kind, due_at in booked.reminders:
            if booked.set_at < due_at < facts.now - JUST_DUE:
                yield booked.number, kind, occurrence


def _overlaps(what: str, taking: list[Booked], whose: Callable[[Booked], Hashable]) -> Iterator[str]:
    for one, other in combinations(taking, 2):
        ends = (_until(one, what), _until(other, what))
        if whose(one) and whose(one) == whose(other) and one.starts_at < ends[1] and other.starts_at < ends[0]:
            yield f"{what} {whose(one)}: {one.number} and {other.number}"


def _until(booked: Booked, what: str) -> datetime:
    return booked.host_until or booked.ends_at if what == "host" else booked.ends_at


def _last_told(facts: Facts) -> dict[str, Telling | None]:
    """Of each reservation that somebody was told of: the last telling, or None when an attempt after it is uncertain."""
    last: dict[str, Telling | None] = {}
    for told in sorted(facts.told, key=lambda told: told.at):
        if told.is_certain:
            last[told.number] = told
        elif told.number in last:
            last[told.number] = None
    return last
