"""Random rules and random sequences under them: no reservation comes to be that the rules of its day refuse.

The oracle below counts days one by one and shares no code with booking/rules; it judges every row when it comes to be.
"""

from calendar import monthrange
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import hypothesis.strategies as st
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.extra.django import TestCase as HypothesisTestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from booking.availability import Search, free_slots
from booking.clock import JST
from booking.enums import OCCUPYING, BookingWay, CancelChannel, LimitScope, ReservationStatus, Standing
from booking.errors import BookingError
from booking.flows.arrange import Wishes, accept_wish, request_session
from booking.flows.cancel import cancel_by_seeker
from booking.flows.hold import hold
from booking.flows.mail_link import confirm_by_link, request_by_link
from booking.flows.move import move
from booking.flows.offering import offer_free_places
from booking.flows.reserve import ReservationDetails, reserve
from booking.flows.waiting import join_line, take_offer
from booking.models import Reservation, Service, WaitingEntry
from booking.policies import BookingPolicy
from offices.calendar import is_holiday
from tests.factories import NOW, CounselorFactory, PolicyVersionFactory, SeekerFactory, ServiceFactory, jst

DETAILS = ReservationDetails(name="見本", phone="090-1234-5678", phone_e164="+819012345678")
HELD = ReservationStatus.HELD
NONE_OR = [None, None, None, 1, 2, 3]
RULES = st.fixed_dictionaries(
    {
        "way": st.sampled_from([BookingWay.AT_ONCE, BookingWay.AT_ONCE, BookingWay.MAIL_LINK, BookingWay.ARRANGED]),
        "standings": st.sampled_from([[], [], [Standing.REGISTERED_HERE]]),
        "has_waiting_list": st.booleans(),
        "opens_months_before": st.integers(0, 2),
        "opens_days_before": st.sampled_from([None, None, 3, 7, 20]),
        "release_day": st.sampled_from([None, None, None, 1, 15, 31]),
        "release_at": st.sampled_from([time(0), time(9)]),
        "closes_days_before": st.integers(1, 4),
        "closes_in_business_days": st.booleans(),
        "closes_at": st.sampled_from([None, time(12), time(17)]),
        "limit_scope": st.sampled_from(LimitScope.values),
        "most_coming": st.sampled_from(NONE_OR),
        "most_per_week": st.sampled_from(NONE_OR),
        "most_per_month": st.sampled_from(NONE_OR),
        "days_between": st.sampled_from([None, None, 1, 3, 7]),
        "gap_minutes": st.sampled_from([0, 0, 15, 30]),
        "most_sessions_a_day": st.sampled_from(NONE_OR),
        "cancel_channel": st.just(CancelChannel.PORTAL),
        "cancel_closes_days_before": st.integers(0, 3),
        "cancel_closes_at": st.sampled_from([None, time(17)]),
    }
)
people = st.integers(0, 2)
services = st.integers(0, 1)
days = st.one_of(st.integers(0, 10), st.integers(0, 40))
quarters = st.integers(0, 12)
standings = st.sampled_from([Standing.REGISTERED_HERE, Standing.REGISTERED_HERE, Standing.ABOUT_TO_REGISTER])


def at_once(person: Any, service: Service, start: datetime, details: ReservationDetails, now: datetime) -> Reservation:
    held = hold(service=service, starts_at=start, seeker=person, now=now)
    return reserve(held, details=details, now=now)


def by_link(person: Any, service: Service, start: datetime, details: ReservationDetails, now: datetime) -> Reservation:
    wish = {"service": service, "starts_at": start, "details": details}
    asked = request_by_link(person, **wish, agree=lambda _person: None, now=now)
    return confirm_by_link(asked, now=now)


def arranged(person: Any, service: Service, start: datetime, details: ReservationDetails, now: datetime) -> Reservation:
    asked = request_session(service=service, seeker=person, wishes=Wishes(starts=[start]), details=details, now=now)
    counselor = service.counselors.order_by("pk")[0]
    return accept_wish(asked, starts_at=start, counselor=counselor, by=None, now=now)


WAYS = [at_once, by_link, arranged]


class Office(RuleBasedStateMachine):
    """One office, two services under random rules, two counselors who offer both, three people."""

    @initialize(rules=st.tuples(RULES, RULES))
    def open(self, rules: tuple[dict[str, Any], dict[str, Any]]) -> None:
        self.savepoint = transaction.savepoint()
        self.now = NOW
        hours = [(day, time(9), time(13)) for day in range(7)]
        first = ServiceFactory.create(step_minutes=15, hours=hours, **rules[0])
        second = ServiceFactory.create(step_minutes=15, hours=hours, office=first.office, **rules[1])
        self.pks = [first.pk, second.pk]
        CounselorFactory.create_batch(2, office=first.office, services=[first, second], windows=hours)
        self.people = SeekerFactory.create_batch(3)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    def service(self, which: int) -> Service:
        """Read afresh, as every request does."""
        return Service.objects.select_related("office").get(pk=self.pks[which])

    def start(self, day: int, quarter: int) -> datetime:
        return jst(6, 1, 9) + timedelta(days=day, minutes=15 * quarter)

    @rule(who=people, which=services, day=days, quarter=quarters, standing=standings)
    def book_any_time(self, who: int, which: int, day: int, quarter: int, standing: str) -> None:
        self.book(self.people[who], self.service(which), self.start(day, quarter), standing)

    @rule(who=people, which=services, pick=st.integers(0, 999), standing=standings)
    def book_what_is_offered(self, who: int, which: int, pick: int, standing: str) -> None:
        slots = free_slots(Search(service=self.service(which), now=self.now))
        if slots:
            self.book(self.people[who], self.service(which), slots[pick % len(slots)].starts_at, standing)

    def book(self, person: Any, service: Service, start: datetime, standing: str) -> None:
        """In whichever way the person tries, the service's own or not."""
        before = list(Reservation.objects.filter(status__in=OCCUPYING).exclude(status=HELD, seeker=person))
        details = replace(DETAILS, standing=standing)
        for way in WAYS:
            with suppress(BookingError):
                self.judge(way(person, service, start, details, self.now), before)
                return

    @rule(who=people, which=services, day=days)
    def wait_in_line(self, who: int, which: int, day: int) -> None:
        first = day_of(self.start(day, 0))
        wish = {"service": self.service(which), "seeker": self.people[who], "first_day": first}
        with suppress(BookingError):
            join_line(**wish, last_day=first + timedelta(days=2), now=self.now)

    @rule(which=services)
    def serve_the_line(self, which: int) -> None:
        known = set(Reservation.objects.values_list("pk", flat=True))
        offer_free_places(self.service(which), now=self.now)
        for row in Reservation.objects.exclude(pk__in=known).order_by("pk"):
            self.judge(row, list(Reservation.objects.filter(status__in=OCCUPYING, pk__lt=row.pk)), is_declared=False)

    @rule(who=people, standing=standings)
    def take_the_offer(self, who: int, standing: str) -> None:
        entry = WaitingEntry.objects.with_facts().of_seeker(self.people[who]).filter(state="offered").first()
        if entry is None:
            return
        with suppress(BookingError):
            held = take_offer(entry, by=entry.seeker, now=self.now)
            row = reserve(held, details=replace(DETAILS, standing=standing), now=self.now)
            others = Reservation.objects.filter(status__in=OCCUPYING).exclude(pk=row.pk)
            self.judge(row, list(others))

    @rule(who=people, day=days, quarter=quarters)
    def change(self, who: int, day: int, quarter: int) -> None:
        mine = Reservation.objects.of_seeker(self.people[who]).upcoming().order_by("pk").first()
        if mine is None:
            return
        others = list(Reservation.objects.filter(status__in=OCCUPYING).exclude(pk=mine.pk))
        with suppress(BookingError):
            row = move(mine, starts_at=self.start(day, quarter), by=mine.seeker, now=self.now)
            assert self.now < cut_off(mine, policy_of(mine.service, day_of(mine.starts_at)))
            self.judge(row, others)

    @rule(who=people)
    def cancel(self, who: int) -> None:
        mine = Reservation.objects.of_seeker(self.people[who]).upcoming().order_by("-pk").first()
        if mine is None:
            return
        with suppress(BookingError):
            cancel_by_seeker(mine, by=mine.seeker, now=self.now)
            assert self.now < cut_off(mine, policy_of(mine.service, day_of(mine.starts_at)))

    @rule(hours=st.sampled_from([1, 14, 24, 24, 72]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(which=services, rules=RULES, days_ahead=st.integers(1, 9))
    def announce_new_rules(self, which: int, rules: dict[str, Any], days_ahead: int) -> None:
        service, today = self.service(which), day_of(self.now)
        day = today + timedelta(days=days_ahead)
        if not service.policy_versions.filter(in_force_on=day).exists():
            hours = [(weekday, time(9), time(13)) for weekday in range(7)]
            rules = {**rules, "step_minutes": 15}
            PolicyVersionFactory.create(service=service, in_force_on=day, announced_on=today, hours=hours, **rules)

    def judge(self, row: Reservation, others: list[Reservation], *, is_declared: bool = True) -> None:
        """`others` is everything that took up time before this row came to be, or to its new time."""
        policy = policy_of(row.service, day_of(self.now))
        others = [other for other in others if not other.has_run_out(now=self.now)]
        assert not is_declared or not policy.standings or row.standing in policy.standings
        assert opens(day_of(row.starts_at), policy) <= self.now < closes(day_of(row.starts_at), policy)
        assert_within_limits(row, [other for other in others if other.seeker_id == row.seeker_id], policy, self.now)
        assert_counselor_has_time(row, [other for other in others if other.counselor_id == row.counselor_id], policy)


def day_of(moment: datetime) -> date:
    return moment.astimezone(JST).date()


def policy_of(service: Service, day: date) -> BookingPolicy:
    versions = service.policy_versions.filter(in_force_on__lte=day).order_by("-in_force_on")
    return replace(versions[0].policy)


def opens(day: date, policy: BookingPolicy) -> datetime:
    """By looking at each earlier day in turn."""
    if policy.release_day is not None:
        last_of_month_before = day.replace(day=1) - timedelta(days=1)
        wanted = min(policy.release_day, last_of_month_before.day)
        return datetime.combine(last_of_month_before.replace(day=wanted), policy.release_at, tzinfo=JST)
    if policy.opens_days_before is not None:
        first = day - timedelta(days=policy.opens_days_before)
    else:
        year, month = day.year, day.month
        for _month in range(policy.opens_months_before):
            year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        first = date(year, month, min(day.day, monthrange(year, month)[1]))
    return datetime.combine(first, time(0), tzinfo=JST)


def closes(day: date, policy: BookingPolicy) -> datetime:
    left, last = policy.closes_days_before, day
    while left:
        last -= timedelta(days=1)
        if not policy.closes_in_business_days or (last.weekday() < 5 and not is_holiday(last)):
            left -= 1
    if policy.closes_at is None:
        return datetime.combine(last + timedelta(days=1), time(0), tzinfo=JST)
    return datetime.combine(last, policy.closes_at, tzinfo=JST)


def cut_off(row: Reservation, policy: BookingPolicy) -> datetime:
    if policy.cancel_closes_days_before == 0 and policy.cancel_closes_at is None:
        return row.starts_at
    last = day_of(row.starts_at) - timedelta(days=policy.cancel_closes_days_before)
    if policy.cancel_closes_at is None:
        return min(datetime.combine(last + timedelta(days=1), time(0), tzinfo=JST), row.starts_at)
    return min(datetime.combine(last, policy.cancel_closes_at, tzinfo=JST), row.starts_at)


def assert_within_limits(row: Reservation, mine: list[Reservation], policy: BookingPolicy, now: datetime) -> None:
    if policy.limit_scope == LimitScope.SERVICE:
        mine = [other for other in mine if other.service_id == row.service_id]
    day = day_of(row.starts_at)
    taken = [day_of(other.starts_at) for other in mine]
    kinds: list[tuple[int | None, Callable[[date], bool]]] = [
        (policy.most_coming, lambda other: other >= day_of(now)),
        (policy.most_per_week, lambda other: other.isocalendar()[:2] == day.isocalendar()[:2]),
        (policy.most_per_month, lambda other: (other.year, other.month) == (day.year, day.month)),
    ]
    for most, counts in kinds:
        assert most is None or sum(map(counts, taken)) + 1 <= most
    if policy.days_between is not None:
        assert all(abs((other - day).days) >= policy.days_between for other in taken)


def assert_counselor_has_time(row: Reservation, sessions: list[Reservation], policy: BookingPolicy) -> None:
    for other in sessions:
        assert other.ends_at + policy.gap <= row.starts_at or row.ends_at + policy.gap <= other.starts_at
    if policy.most_sessions_a_day is not None:
        same_day = [other for other in sessions if day_of(other.starts_at) == day_of(row.starts_at)]
        assert len(same_day) + 1 <= policy.most_sessions_a_day


class RandomPolicies(Office.TestCase, HypothesisTestCase):  # type: ignore[name-defined,misc]
    """Without shrinking: a failure prints its steps at once, where looking for a shorter one takes minutes."""

    settings = settings(
        max_examples=25,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
