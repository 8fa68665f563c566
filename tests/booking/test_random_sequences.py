"""Random sequences of hold, reserve, release, cancel, time passing and absences: the promises hold after every step."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from booking.enums import OCCUPYING, MailKind, ReservationStatus
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office, cancel_by_seeker
from booking.flows.hold import hold, release
from booking.flows.lapse import lapse
from booking.flows.reserve import ReservationDetails, reserve
from booking.models import Absence, Reservation
from mailing.models import OutgoingMail
from tests.factories import MONDAY, NOW, CounselorFactory, SeekerFactory, bookable_service, jst, slots_of

TUESDAY = MONDAY + timedelta(days=1)
DETAILS = ReservationDetails(name="見本", phone="090-1234-5678", phone_e164="+819012345678")
people = st.integers(0, 3)
halves = st.integers(0, 15)


class Office(RuleBasedStateMachine):
    """Two counselors with a 30- and a 45-minute service, four seekers, one day."""

    @initialize()
    def open(self) -> None:
        self.savepoint = transaction.savepoint()
        self.now = NOW
        self.short = bookable_service(counselors=2, step_minutes=15)
        self.long = bookable_service(counselors=0, office=self.short.office, length_minutes=45, step_minutes=15)
        self.counselors = list(self.short.counselors.all())
        for counselor in self.counselors:
            counselor.services.add(self.long)
        self.seekers = SeekerFactory.create_batch(4)

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    @rule(who=people, half=halves, is_long=st.booleans())
    def choose(self, who: int, half: int, is_long: bool) -> None:
        service = self.long if is_long else self.short
        start = jst(6, 2, 9) + half * timedelta(minutes=30)
        self.attempt(hold, service=service, starts_at=start, seeker=self.seekers[who], now=self.now)

    @rule(who=people, is_long=st.booleans(), pick=st.integers(0, 99))
    def choose_what_is_offered(self, who: int, is_long: bool, pick: int) -> None:
        """Every offered slot can be booked: here a refusal fails the test."""
        service, seeker = self.long if is_long else self.short, self.seekers[who]
        slots = slots_of(service, now=self.now, first_day=TUESDAY, last_day=TUESDAY, seeker=seeker)
        if slots:
            hold(service=service, starts_at=slots[pick % len(slots)].starts_at, seeker=seeker, now=self.now)

    @rule(who=people)
    def confirm(self, who: int) -> None:
        held = Reservation.objects.of_seeker(self.seekers[who]).order_by("-pk").first()
        if held is not None:
            self.attempt(reserve, held, details=DETAILS, now=self.now)

    @rule(who=people)
    def give_back(self, who: int) -> None:
        for held in Reservation.objects.of_seeker(self.seekers[who]).holds():
            release(held, by=self.seekers[who], now=self.now)

    @rule(who=people, by_office=st.booleans())
    def cancel(self, who: int, by_office: bool) -> None:
        row = Reservation.objects.of_seeker(self.seekers[who]).upcoming().first()
        if row is not None and by_office:
            self.attempt(cancel_by_office, row, by=None, reason="都合により", now=self.now)
        elif row is not None:
            self.attempt(cancel_by_seeker, row, by=self.seekers[who], now=self.now)

    @rule(minutes=st.sampled_from([1, 9, 10, 11]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        for pk in Reservation.objects.run_out(self.now).values_list("pk", flat=True):
            lapse(pk, now=self.now)

    @rule(which=st.integers(0, 1), half=halves)
    def go_absent(self, which: int, half: int) -> None:
        start = jst(6, 2, 9) + half * timedelta(minutes=30)
        Absence.objects.create(counselor=self.counselors[which], starts_at=start, ends_at=start + timedelta(minutes=30))

    def attempt(self, flow: Any, *arguments: Any, **named: Any) -> None:
        """A refusal is an answer; anything else that is raised fails the test."""
        with suppress(BookingError):
            flow(*arguments, **named)

    @invariant()
    def nobody_is_in_two_sessions(self) -> None:
        for person in ("counselor", "seeker"):
            spans: dict[int, list[Any]] = {}
            rows = Reservation.objects.filter(status__in=OCCUPYING).order_by("starts_at")
            for pk, start, end in rows.values_list(person, "starts_at", "ends_at"):
                assert not spans.get(pk) or spans[pk][-1] <= start, person
                spans.setdefault(pk, []).append(end)

    @invariant()
    def a_person_has_one_hold(self) -> None:
        holders = list(Reservation.objects.holds().values_list("seeker", flat=True))
        assert len(holders) == len(set(holders))

    @invariant()
    def no_offered_slot_overlaps_what_is_occupied(self) -> None:
        occupied = Reservation.objects.occupying(self.now).values_list("counselor", "starts_at", "ends_at")
        away = Absence.objects.values_list("counselor", "starts_at", "ends_at")
        taken = [*occupied, *away]
        for service in (self.short, self.long):
            for slot in slots_of(service, now=self.now, first_day=TUESDAY, last_day=TUESDAY):
                for counselor, start, end in taken:
                    touches = slot.starts_at < end and start < slot.ends_at
                    assert not (touches and counselor in slot.counselor_ids), (slot, start, end)

    @invariant()
    def every_confirmed_reservation_has_its_meeting_and_mail(self) -> None:
        confirmed = Reservation.objects.filter(status=ReservationStatus.CONFIRMED)
        assert not confirmed.filter(meetings__isnull=True).exists()
        assert not confirmed.exclude(meetings__starts_at=F("starts_at")).exists()
        mailed = set(OutgoingMail.objects.filter(kind=MailKind.CONFIRMED).values_list("cause", flat=True))
        assert {str(uuid) for uuid in confirmed.values_list("uuid", flat=True)} <= mailed


class RandomSequences(Office.TestCase, HypothesisTestCase):  # type: ignore[name-defined,misc]
    settings = settings(max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.django_db
def test_every_offered_slot_can_be_booked() -> None:
    service = bookable_service(counselors=1, length_minutes=45, step_minutes=15)
    CounselorFactory.create(office=service.office, services=[service])
    seekers = iter(SeekerFactory.create_batch(60))
    booked = 0
    while slots := slots_of(service, now=NOW, first_day=TUESDAY, last_day=TUESDAY):
        slot = slots[booked * 7 % len(slots)]
        held = hold(service=service, starts_at=slot.starts_at, seeker=next(seekers), now=NOW)
        assert reserve(held, details=DETAILS, now=NOW).status == ReservationStatus.CONFIRMED
        booked += 1
    assert booked >= 2 * 5
