"""Which mails did not reach the person they were written to, about what, and how soon it matters (S-25, X-14)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import CharField, DateTimeField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from booking.enums import AWAITING, UPCOMING, MailKind, RequestState, ReservationStatus
from booking.models import Reservation, SessionRequest
from booking.policies import MOST_WISHES
from mailing.bounces.words import Text, explain
from mailing.models import DELAYED_SINCE, UNDELIVERED, MailState, OutgoingMail, OutgoingMailQuerySet
from offices.models import Office

LONG_DELAY = timedelta(hours=1)
"""A mail that a server has put off for so long is told on the phone as well."""
SOON = timedelta(days=3)
TO_BE_KNOWN = (*AWAITING, *UPCOMING, ReservationStatus.CANCELLED_BY_OFFICE, ReservationStatus.LAPSED)
"""Of these the person has to know before the session; who cancelled themself knows."""
ASKED = (RequestState.RECEIVED, RequestState.PROPOSED, RequestState.REFUSED, RequestState.LAPSED)
"""An accepted request has become a reservation, with mails of its own."""

About = Reservation | SessionRequest


@dataclass(frozen=True)
class LostMail:
    mail: OutgoingMail

    @property
    def title(self) -> str:
        return self.mail.subject or str(MailKind(self.mail.kind).label)

    @property
    def why(self) -> Text:
        """In words that can be said on the phone."""
        return explain(self.mail.error)


@dataclass(frozen=True, kw_only=True)
class Undelivered:
    """What one person has not received about one reservation or request."""

    about: About
    mails: Sequence[LostMail]
    is_soon: bool

    @property
    def starts_at(self) -> datetime:
        return start_of(self.about)

    @property
    def is_request(self) -> bool:
        return isinstance(self.about, SessionRequest)

    @property
    def has_account(self) -> bool:
        return self.about.seeker is not None

    @property
    def can_be_sent(self) -> bool:
        """A mail with a link for one person only is not kept, and one that still waits for its next try goes by itself."""
        return any(lost.mail.state in UNDELIVERED and not lost.mail.is_secret for lost in self.mails)

    @property
    def can_be_corrected(self) -> bool:
        return any(not lost.mail.is_secret for lost in self.mails)


def unreached(now: datetime) -> OutgoingMailQuerySet:
    """Mails that staff have to know of: refused, returned, or put off for over an hour; until told or delivered later."""
    rows = OutgoingMail.objects.alias(put_off_at=Cast(KT(f"context__{DELAYED_SINCE}"), DateTimeField()))
    is_late = Q(state=MailState.DELAYED, put_off_at__lte=now - LONG_DELAY)
    return rows.filter(Q(state__in=UNDELIVERED) | is_late, told_at=None)


def undelivered_at(user: Any, *, office: Office, now: datetime) -> list[Undelivered]:
    """What people of the office's coming sessions have not received, the earliest session first."""
    mails = _by_cause(_of_office(user, office=office, now=now))
    own = {"office": office, "uuid__in": list(mails)}
    reservations = Reservation.objects.visible_to(user).filter(**own).with_facts()
    requests = SessionRequest.objects.visible_to(user).filter(**own).with_facts()
    about: list[About] = [*reservations, *requests]
    found = [_undelivered(one, mails[str(one.uuid)], now=now) for one in about]
    return sorted(found, key=lambda one: (one.starts_at, one.about.number))


def undelivered_count(user: Any, *, office: Office, now: datetime) -> int:
    """To how many reservations and requests something is undelivered, in one query; for the link to their list."""
    return _of_office(user, office=office, now=now).order_by().values("cause").distinct().count()


def undelivered_about(about: About, *, now: datetime) -> Undelivered | None:
    """For the page of one reservation or request."""
    mails = list(unreached(now).about(str(about.uuid)).order_by("pk"))
    return _undelivered(about, mails, now=now) if mails else None


def is_unreached(rows: Iterable[About]) -> bool:
    """Did the last mail about any of these, that a server was asked to take, not arrive?"""
    causes = [str(row.uuid) for row in rows]
    if not causes:
        return False
    tried = OutgoingMail.objects.filter(cause__in=causes, state__in=[MailState.SENT, *UNDELIVERED])
    last = tried.order_by("-claimed_at", "-pk").only("state").first()
    return last is not None and last.state in UNDELIVERED


def start_of(about: About) -> datetime:
    """Of the session, of the proposed one, or of the dearest wish."""
    if isinstance(about, Reservation):
        return about.starts_at
    return about.proposal.starts_at if about.proposal else about.wishes[0]


def _undelivered(about: About, mails: Sequence[OutgoingMail], *, now: datetime) -> Undelivered:
    return Undelivered(about=about, mails=[LostMail(mail) for mail in mails], is_soon=start_of(about) <= now + SOON)


def _of_office(user: Any, *, office: Office, now: datetime) -> OutgoingMailQuerySet:
    reservations = Reservation.objects.visible_to(user).filter(status__in=TO_BE_KNOWN, ends_at__gt=now)
    is_wished = reduce(or_, (Q(**{f"wishes__{place}__gt": now}) for place in range(MOST_WISHES)))
    is_coming = is_wished | Q(reservation__ends_at__gt=now)
    requests = SessionRequest.objects.visible_to(user).filter(is_coming, state__in=ASKED)
    causes = [_causes(rows.filter(office=office)) for rows in (reservations, requests)]
    return unreached(now).filter(Q(cause__in=causes[0]) | Q(cause__in=causes[1]))


def _causes(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The keys under which the ledger knows these rows."""
    causes: QuerySet[Any] = rows.order_by().annotate(cause=Cast("uuid", CharField())).values("cause")
    return causes


def _by_cause(mails: OutgoingMailQuerySet) -> dict[str, list[OutgoingMail]]:
    by_cause: dict[str, list[OutgoingMail]] = defaultdict(list)
    for mail in mails.defer("body", "attachments").order_by("pk"):
        by_cause[mail.cause].append(mail)
    return by_cause
