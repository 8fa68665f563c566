"""The time machine: what could this person book at this moment? The real rules, asked about a person whom staff imagine.

Nothing is written. The moment may be past or to come: a version of the rules that is not in force yet judges from its day
on. What takes up time is what stands in the database today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db import models
from django.utils.translation import gettext_lazy as _

from booking.admission import NOT_ASKED_YET, Admission
from booking.availability import Search, Slot, free_slots, slot_at
from booking.clock import at, day_of
from booking.deadlines import bookable_days
from booking.enums import BookingWay, Standing
from booking.errors import BookingError
from booking.models import Counselor, PolicyVersion, Reservation, Service
from booking.refusals import REFUSALS, refusal
from booking.refusals.entry import Refusal
from booking.rules.eligibility import Applicant
from booking.rules.slots import grid


class Kind(models.TextChoices):
    """Whom staff may imagine."""

    REGISTERED_HERE = "registered_here", Standing.REGISTERED_HERE.label
    REGISTERED_ONLINE = "registered_online", Standing.REGISTERED_ONLINE.label
    ABOUT_TO_REGISTER = "about_to_register", Standing.ABOUT_TO_REGISTER.label
    UNREGISTERED = "unregistered", _("どれにもあてはまらない方")
    RECOGNISED = "recognised", _("ハローワークが利用を認めた方（担当者は決まっていない）")
    NAMED = "named", _("ハローワークが利用を認めた方（担当者が決まっている）")
    EMPLOYER = "employer", Standing.EMPLOYER.label
    GUEST = "guest", _("アカウントのない方")
    RESTRICTED = "restricted", _("利用を制限されている方")


WITH_ACCOUNT = frozenset({BookingWay.AT_ONCE, BookingWay.MAIL_LINK, BookingWay.ARRANGED})
WITHOUT_ACCOUNT = frozenset({BookingWay.MAIL_LINK})


@dataclass(frozen=True, kw_only=True)
class Imagined:
    """A person, a moment, and perhaps the session they wish for. `others` are the days of their coming sessions."""

    service: Service
    now: datetime
    kind: Kind
    counselor: Counselor | None = None
    """The named one, of a person who has one."""
    has_device: bool | None = None
    others: Sequence[date] = ()
    starts_at: datetime | None = None

    @property
    def applicant(self) -> Applicant:
        standings = frozenset({Standing(self.kind)}) if self.kind in set(Standing.values) else frozenset[Standing]()
        if self.kind in {Kind.GUEST, Kind.RESTRICTED}:
            standings = NOT_ASKED_YET
        named = self.counselor if self.kind == Kind.NAMED else None
        return Applicant(
            standings=standings | {Standing.RECOGNISED} if self.kind == Kind.NAMED else standings,
            is_employer=self.kind == Kind.EMPLOYER,
            has_device=self.has_device,
            named_counselor=named.pk if named else None,
            counselor_name=named.name if named else "",
            is_restricted=self.kind == Kind.RESTRICTED,
        )

    def admission(self, starts_at: datetime) -> Admission:
        named = self.applicant.named_counselor
        return Admission(
            service=self.service,
            starts_at=starts_at,
            now=self.now,
            applicant=self.applicant,
            others=self.others,
            counselor=named,
            ways=WITH_ACCOUNT,
        )

    def search(self, *, is_for_staff: bool = False) -> Search:
        named = self.counselor if self.kind == Kind.NAMED else None
        return Search(service=self.service, now=self.now, counselor=named, is_for_staff=is_for_staff)


@dataclass(frozen=True)
class Told:
    """A refusal with the row of the table behind it."""

    error: BookingError

    @property
    def known(self) -> Refusal:
        return REFUSALS[self.error.code]


@dataclass(frozen=True)
class DayAnswer:
    """How many times are free on a day, and why this person could take none of them; `own` is what not every day has."""

    day: date
    free: int
    refusals: list[Told]
    own: list[Told]


@dataclass(frozen=True, kw_only=True)
class Answer:
    version: PolicyVersion
    """The version that judges the booking."""
    first_day: date
    last_day: date
    days: list[DayAnswer]
    always: list[Told]
    """What speaks against this person on every day."""
    needs_account: bool
    session_version: PolicyVersion | None = None
    """The version that says what the wished session is."""
    refusals: list[Told]
    """Of the wished session."""

    @property
    def is_open(self) -> bool:
        return self.first_day <= self.last_day

    @property
    def bookable(self) -> int:
        """Free times that this person could take."""
        return sum(day.free for day in self.days if not day.refusals)


def look(imagined: Imagined) -> Answer:
    """Ask the rules. Writes nothing."""
    service, starts_at = imagined.service, imagined.starts_at
    version = service.version_on(day_of(imagined.now))
    first, last = bookable_days(service, now=imagined.now)
    days = [(day, list(slots)) for day, slots in _by_day(free_slots(imagined.search()))]
    told = {day: _told(imagined.admission(slots[0].starts_at).refusals()) for day, slots in days}
    always = set.intersection(*({one.error.code for one in day} for day in told.values())) if days else set()
    return Answer(
        version=version,
        first_day=first,
        last_day=last,
        days=[DayAnswer(day, len(slots), told[day], _without(told[day], always)) for day, slots in days],
        always=[one for one in told[days[0][0]] if one.error.code in always] if days else [],
        needs_account=imagined.kind == Kind.GUEST and version.policy.way not in WITHOUT_ACCOUNT,
        session_version=service.version_on(day_of(starts_at)) if starts_at else None,
        refusals=_told(refusals_of(imagined, starts_at)) if starts_at else [],
    )


def refusals_of(imagined: Imagined, starts_at: datetime) -> list[BookingError]:
    """Everything that speaks against that session: the rules about the person and the day, then the time itself."""
    refused = imagined.admission(starts_at).refusals()
    if starts_at >= imagined.now and slot_at(imagined.search(is_for_staff=True), starts_at) is None:
        refused.append(refusal("slot_taken" if _is_taken(imagined, starts_at) else "not_offered"))
    return refused


def _told(errors: list[BookingError]) -> list[Told]:
    return [Told(error) for error in errors]


def _without(told: list[Told], codes: set[str]) -> list[Told]:
    return [one for one in told if one.error.code not in codes]


def _by_day(slots: list[Slot]) -> "groupby[date, Slot]":
    return groupby(slots, key=lambda slot: day_of(slot.starts_at))


def _is_taken(imagined: Imagined, starts_at: datetime) -> bool:
    """Is it a start of the service's hours, and did a reservation take it?"""
    day = day_of(starts_at)
    version = imagined.service.version_on(day)
    length, step = version.policy.length, version.policy.step
    windows = [(at(day, hours.opens), at(day, hours.closes)) for hours in version.hours.filter(weekday=day.weekday())]
    if not any(starts_at in grid(window, length=length, step=step) for window in windows):
        return False
    rows = Reservation.objects.occupying(imagined.now).filter(counselor__in=imagined.service.counselors.all())
    return rows.touching(starts_at, starts_at + length).exists()
