"""May this person book this time of this service, now? Every rule that says no, in the order in which one is told.

The questions are asked of facts (`Admission`), so that the same rules judge a real person, a person without an account,
and the person that staff imagine in the time machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from accounts.models import User
from booking.clock import at, day_of
from booking.deadlines import booking_policy, why_outside_window
from booking.enums import DECLARED, BookingWay, LimitScope, Standing
from booking.errors import BookingError, Reason
from booking.models import Counselor, Recognition, Reservation, Restriction, Service
from booking.refusals import refusal_for
from booking.rules.eligibility import Applicant, why_not_eligible
from booking.rules.limits import counts_from, why_over_limit

NOT_ASKED_YET = frozenset(DECLARED)
"""Before the details are asked, whatever the person may declare counts as declared."""


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Facts about a wish to book. `others` are the days of the person's sessions that count against the limits."""

    service: Service
    starts_at: datetime
    now: datetime
    applicant: Applicant
    others: Sequence[date] = ()
    counselor: int | None = None
    ways: frozenset[BookingWay] = frozenset({BookingWay.AT_ONCE})
    """The ways of booking that the step at hand belongs to; empty when the way is not in question."""

    def reasons(self) -> list[Reason]:
        """Every rule that refuses, the one that people are told first."""
        service, policy = self.service, booking_policy(self.service, now=self.now)
        day, today = day_of(self.starts_at), day_of(self.now)
        answers = [
            why_service_closed(service, today=today),
            why_not_eligible(self.applicant, policy, counselor=self.counselor),
            _why_other_way(policy.way, self.ways),
            why_outside_window(service, self.starts_at, now=self.now),
            why_over_limit(day, self.others, policy, today=today),
        ]
        return [reason for reason in answers if reason is not None]

    def refusals(self) -> list[BookingError]:
        return [refusal_for(reason, office=self.service.office) for reason in self.reasons()]


def admission(
    person: Any,
    *,
    service: Service,
    starts_at: datetime,
    now: datetime,
    counselor: int | None = None,
    ways: frozenset[BookingWay] = frozenset({BookingWay.AT_ONCE}),
    standing: str | None = None,
    has_device: bool | None = None,
    leaving_out: Reservation | None = None,
) -> Admission:
    """The facts of a real person. `standing` is what was declared, None before it was asked; `leaving_out` is being moved.

    Call it under the lock of the person (models.guest.lock_person): then nothing else of theirs slips past the limits.
    """
    return Admission(
        service=service,
        starts_at=starts_at,
        now=now,
        applicant=applicant_of(person, service=service, now=now, standing=standing, has_device=has_device),
        others=other_days(person, service=service, starts_at=starts_at, now=now, leaving_out=leaving_out),
        counselor=counselor,
        ways=ways,
    )


def applicant_of(
    person: Any, *, service: Service, now: datetime, standing: str | None = None, has_device: bool | None = None
) -> Applicant:
    """What is known of the person at the service's office today. `person` is None while nobody has signed in."""
    declared = (
        NOT_ASKED_YET if standing is None else frozenset({Standing(standing)} & set(DECLARED) if standing else ())
    )
    if person is None:
        return Applicant(standings=declared | {Standing.RECOGNISED}, has_device=has_device)
    recognition = None
    policy = booking_policy(service, now=now)
    if policy.needs_named_counselor or Standing.RECOGNISED in policy.standings:
        recognition = recognition_of(person, service.office_id, on=day_of(now))
    counselor: Counselor | None = recognition.counselor if recognition else None
    return Applicant(
        standings=declared | ({Standing.RECOGNISED} if recognition else set()),
        is_employer=person.is_employer,
        is_of_other_office=person.is_employer and _is_of_other_office(person, service),
        has_device=has_device,
        named_counselor=counselor.pk if counselor else None,
        counselor_name=counselor.name if counselor else "",
        is_restricted=is_restricted(person, service.office_id, on=day_of(now)),
    )


def _is_of_other_office(employer: User, service: Service) -> bool:
    """Where the job offers are is what the account says; without it the office sees when it arranges the time."""
    home = employer.employer_profile.home_office_id
    return home is not None and home != service.office_id


def recognition_of(person: Any, office_id: int, *, on: date) -> Recognition | None:
    if not isinstance(person, User):
        return None
    rows = Recognition.objects.in_force(on).filter(seeker=person, office=office_id)
    return rows.select_related("counselor").first()


def is_restricted(person: Any, office_id: int, *, on: date) -> bool:
    return Restriction.objects.in_force(on).of_person(person).filter(office=office_id).exists()


def other_days(
    person: Any, *, service: Service, starts_at: datetime, now: datetime, leaving_out: Reservation | None = None
) -> list[date]:
    """The days of the person's sessions that count in the limits' scope; their bare hold does not, it will be given back."""
    policy, today = booking_policy(service, now=now), day_of(now)
    if policy.most_coming is policy.most_per_week is policy.most_per_month is policy.days_between is None:
        return []
    since = counts_from(day_of(starts_at), policy, today=today)
    rows = Reservation.objects.of_person(person).occupying(now).filter(starts_at__gte=at(since, datetime.min.time()))
    rows = rows.booked().filter(office=service.office_id)
    if policy.limit_scope == LimitScope.SERVICE:
        rows = rows.filter(service=service)
    if leaving_out is not None:
        rows = rows.exclude(pk=leaving_out.pk)
    return [day_of(start) for start in rows.order_by().values_list("starts_at", flat=True)]


def why_service_closed(service: Service, *, today: date) -> Reason | None:
    is_open = service.is_active and service.office.is_active and service.is_in_force(on=today)
    return None if is_open else Reason("service_closed")


def _why_other_way(way: BookingWay, ways: frozenset[BookingWay]) -> Reason | None:
    if not ways or way in ways:
        return None
    return Reason("by_staff_only" if way == BookingWay.STAFF_ONLY else "other_way")
