"""Who may book: every kind of person against every kind of policy."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.enums import Standing
from booking.errors import Reason
from booking.policies import BookingPolicy
from booking.rules.eligibility import Applicant, why_not_eligible

HERE, ONLINE, SOON, RECOGNISED, EMPLOYER = (
    Standing.REGISTERED_HERE,
    Standing.REGISTERED_ONLINE,
    Standing.ABOUT_TO_REGISTER,
    Standing.RECOGNISED,
    Standing.EMPLOYER,
)


def policy(*standings: Standing, **changes: object) -> BookingPolicy:
    half_hour = timedelta(minutes=30)
    return BookingPolicy(**{"length": half_hour, "step": half_hour, "standings": frozenset(standings), **changes})


def person(*standings: Standing, **more: object) -> Applicant:
    return Applicant(standings=frozenset(standings), **more)


def code(applicant: Applicant, rules: BookingPolicy, *, counselor: int | None = None) -> str | None:
    reason = why_not_eligible(applicant, rules, counselor=counselor)
    return reason.code if reason else None


@pytest.mark.requirement("J-05", "J-06", "J-07", "K-03", "H-06", "S-16", "S-01")
@pytest.mark.parametrize(
    ("applicant", "rules", "expected"),
    [
        pytest.param(person(), policy(), None, id="nothing asked, nothing needed"),
        pytest.param(person(HERE), policy(HERE), None, id="registered here (J-05)"),
        pytest.param(person(ONLINE), policy(HERE, ONLINE), None, id="registered online (J-06, H-06)"),
        pytest.param(person(SOON), policy(HERE, SOON, EMPLOYER), None, id="about to register (S-16)"),
        pytest.param(person(RECOGNISED), policy(HERE, RECOGNISED), None, id="recognised beside registered (J-07)"),
        pytest.param(person(RECOGNISED), policy(RECOGNISED), None, id="recognised (J-07)"),
        pytest.param(person(SOON), policy(HERE, ONLINE), "wrong_standing", id="not registered yet (K-03)"),
        pytest.param(person(), policy(HERE), "wrong_standing", id="says nothing"),
        pytest.param(person(RECOGNISED), policy(HERE), "wrong_standing", id="recognition does not register"),
        pytest.param(person(HERE, ONLINE), policy(RECOGNISED), "not_recognised", id="not recognised (J-07)"),
        pytest.param(person(HERE), policy(RECOGNISED, EMPLOYER), "not_recognised", id="nor an employer"),
        pytest.param(person(HERE), policy(EMPLOYER), "employers_only", id="a seeker where employers meet"),
        pytest.param(person(EMPLOYER), policy(EMPLOYER), "employers_only", id="nobody declares to be an employer"),
        pytest.param(person(EMPLOYER), policy(HERE, EMPLOYER), "wrong_standing", id="nor beside others"),
        pytest.param(person(is_employer=True), policy(EMPLOYER), None, id="an employer (S-16)"),
        pytest.param(person(is_employer=True), policy(HERE, EMPLOYER), None, id="an employer beside seekers (S-16)"),
        pytest.param(
            person(is_employer=True), policy(), "not_for_employers", id="everybody is everybody but employers"
        ),
        pytest.param(person(HERE, is_employer=True), policy(HERE), "not_for_employers", id="an employer for seekers"),
    ],
)
def test_who_may_book(applicant: Applicant, rules: BookingPolicy, expected: str | None) -> None:
    assert code(applicant, rules) == expected


@pytest.mark.requirement("S-16")
def test_the_reason_names_who_may_in_the_order_of_the_form() -> None:
    reason = why_not_eligible(person(ONLINE), policy(EMPLOYER, SOON, HERE))
    assert reason == Reason("wrong_standing", {"standings": f"{HERE.label}・{SOON.label}・{EMPLOYER.label}"})


@pytest.mark.requirement("J-32", "J-35", "K-25", "H-28", "S-28", "S-35")
@pytest.mark.parametrize("rules", [policy(), policy(HERE), policy(EMPLOYER), policy(needs_named_counselor=True)])
def test_a_restricted_person_is_refused_whatever_else_holds(rules: BookingPolicy) -> None:
    for applicant in (person(HERE), person(is_employer=True), person(has_device=False)):
        restricted = Applicant(**{**vars(applicant), "is_restricted": True})
        assert code(restricted, rules) == "restricted"


@pytest.mark.requirement("H-07")
def test_a_named_counselor_is_needed_and_no_other_will_do() -> None:
    named = policy(needs_named_counselor=True)
    mine = person(named_counselor=7, counselor_name="見本 花子")
    assert code(person(), named) == "no_named_counselor"
    assert code(mine, named) is None
    assert code(mine, named, counselor=7) is None
    assert why_not_eligible(mine, named, counselor=8) == Reason("other_counselor", {"counselor": "見本 花子"})
    assert code(mine, policy(), counselor=8) is None


@pytest.mark.requirement("J-04", "K-04", "H-15", "S-17", "S-01")
def test_only_who_has_no_camera_is_refused_and_only_where_one_is_asked() -> None:
    assert code(person(has_device=False), policy()) == "device_missing"
    assert code(person(has_device=None), policy()) is None
    assert code(person(has_device=True), policy()) is None
    assert code(person(has_device=False), policy(asks_device=False)) is None


@pytest.mark.requirement("K-03", "S-16")
def test_the_weightiest_reason_comes_first() -> None:
    strict = policy(HERE, needs_named_counselor=True)
    assert code(person(has_device=False), strict) == "wrong_standing"
    assert code(person(HERE, has_device=False), strict) == "no_named_counselor"
    assert code(person(HERE, has_device=False, named_counselor=7), strict, counselor=8) == "other_counselor"
    assert code(person(HERE, has_device=False, named_counselor=7), strict, counselor=7) == "device_missing"


standings = st.frozensets(st.sampled_from(Standing))
applicants = st.builds(
    Applicant,
    standings=standings,
    is_employer=st.booleans(),
    has_device=st.sampled_from([True, False, None]),
    named_counselor=st.sampled_from([None, 7, 8]),
    is_restricted=st.booleans(),
)


@pytest.mark.requirement("J-05", "J-06", "J-07", "S-16")
@given(applicants, standings, st.booleans(), st.booleans(), st.sampled_from([None, 7, 8]))
def test_exactly_those_may_whom_the_policy_lets(
    applicant: Applicant, asked: frozenset[Standing], needs_counselor: bool, asks_device: bool, counselor: int | None
) -> None:
    rules = policy(*asked, needs_named_counselor=needs_counselor, asks_device=asks_device)
    seeker_stands = not asked or bool((asked & applicant.standings) - {EMPLOYER})
    stands = EMPLOYER in asked if applicant.is_employer else seeker_stands
    mine = applicant.named_counselor
    has_counselor = not needs_counselor or (mine is not None and counselor in (None, mine))
    has_device = not asks_device or applicant.has_device is not False
    may = not applicant.is_restricted and stands and has_counselor and has_device
    assert (why_not_eligible(applicant, rules, counselor=counselor) is None) is may
