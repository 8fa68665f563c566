"""Every reason that a rule returns has a sentence, and brings the facts that the sentence speaks of."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from booking.enums import CancelChannel, Standing
from booking.errors import Reason
from booking.policies import BookingPolicy
from booking.refusals import refusal_for
from booking.rules import windows
from booking.rules.eligibility import Applicant, why_not_eligible
from booking.rules.limits import why_over_limit
from offices.calendar import OfficeCalendar
from tests.factories import jst

OFFICE = SimpleNamespace(
    name="ハローワーク見本",
    phone="03-0000-0000",
    contact_hours="月曜から金曜 9:00〜17:00",
    email="madoguchi@mihon.example",
)
CALENDAR = OfficeCalendar().business_days_before
TODAY = date(2026, 6, 1)
ELSEWHERE = Applicant(is_employer=True, is_of_other_office=True)
NAMED = Applicant(named_counselor=7, counselor_name="見本 花子")


def policy(**changes: object) -> BookingPolicy:
    return BookingPolicy(**{"length": timedelta(minutes=30), "step": timedelta(minutes=30), **changes})


def window(day: date) -> Reason | None:
    return windows.why_outside_window(day, policy(), now=jst(6, 1, 10), business_days_before=CALENDAR)


def cancelling(channel: CancelChannel, *, day: int) -> Reason | None:
    rules = policy(cancel_channel=channel)
    return windows.why_not_cancel_now(jst(6, 2, 10), rules, now=jst(6, day, 12), business_days_before=CALENDAR)


def limit(**changes: object) -> Reason | None:
    return why_over_limit(TODAY, [TODAY], policy(**changes), today=TODAY)


def asked(*standings: Standing) -> BookingPolicy:
    return policy(standings=frozenset(standings))


@pytest.mark.parametrize(
    ("reason", "code", "says"),
    [
        (window(date(2026, 7, 2)), "not_open_yet", "6月2日(火) 0:00"),
        (window(TODAY), "booking_closed", OFFICE.phone),
        (cancelling(CancelChannel.PHONE, day=1), "cancel_by_phone", OFFICE.phone),
        (cancelling(CancelChannel.PHONE_OR_MAIL, day=1), "cancel_by_phone_or_mail", OFFICE.email),
        (cancelling(CancelChannel.PHONE_OR_MAIL, day=2), "cancel_by_phone", OFFICE.phone),
        (cancelling(CancelChannel.PORTAL, day=2), "past_cancellation_deadline", OFFICE.phone),
        (cancelling(CancelChannel.PORTAL_OR_MAIL, day=2), "past_deadline_write", OFFICE.email),
        (limit(most_coming=1), "too_many_coming", "1件"),
        (limit(most_per_week=1), "too_many_in_week", "1件"),
        (limit(most_per_month=1), "too_many_in_month", "1件"),
        (limit(days_between=7), "too_close", "6月1日(月)"),
        (why_not_eligible(Applicant(is_restricted=True), policy()), "restricted", OFFICE.phone),
        (why_not_eligible(Applicant(), asked(Standing.EMPLOYER)), "employers_only", "事業所"),
        (why_not_eligible(Applicant(is_employer=True), policy()), "not_for_employers", OFFICE.phone),
        (why_not_eligible(ELSEWHERE, asked(Standing.EMPLOYER)), "employer_of_other_office", OFFICE.phone),
        (why_not_eligible(Applicant(), asked(Standing.REGISTERED_HERE)), "wrong_standing", "求職登録"),
        (why_not_eligible(Applicant(), asked(Standing.RECOGNISED)), "not_recognised", OFFICE.phone),
        (why_not_eligible(Applicant(), policy(needs_named_counselor=True)), "no_named_counselor", OFFICE.phone),
        (why_not_eligible(NAMED, policy(needs_named_counselor=True), counselor=8), "other_counselor", "見本 花子"),
        (why_not_eligible(Applicant(has_device=False), policy()), "device_missing", OFFICE.phone),
    ],
)
def test_every_reason_becomes_a_refusal(reason: Reason, code: str, says: str) -> None:
    error = refusal_for(reason, office=OFFICE)
    assert error.code == code
    assert says in error.message
    assert "%(" not in error.message
