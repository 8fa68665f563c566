"""The judge can fail: each figure is seen by spoiling one thing of a world in which everything is right."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chaos.judge import DOUBLED_AND_EXPLAINED, FIGURES, LOOKS, counts, judge
from tests.chaos.world import (
    ALL_IS_WELL,
    CANCELLED,
    CONFIRMED,
    LENGTH,
    MEETING,
    NOW,
    REMINDER,
    ROW,
    TUESDAY,
    booked,
    delivery,
    mail,
    telling,
)


def figures(facts) -> dict[str, int]:
    return dict(counts(judge(facts)))


@pytest.mark.parametrize("facts", [ALL_IS_WELL, CANCELLED], ids=["live", "cancelled"])
def test_where_everything_is_right_nothing_is_found(facts):
    assert figures(facts) == {}


def test_every_figure_is_looked_for():
    assert set(LOOKS) == set(FIGURES)


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"zoom": ()}, id="none at Zoom"),
        pytest.param({"zoom": (MEETING, replace(MEETING, meeting_id="82"))}, id="two at Zoom"),
        pytest.param({"meetings": (replace(ROW, meeting_id="99"),)}, id="the portal leads elsewhere"),
        pytest.param({"meetings": (replace(ROW, can_be_entered=False, state="unknown"),)}, id="not open"),
        pytest.param({"zoom": (replace(MEETING, host="other@zoom.example"),)}, id="wrong host"),
    ],
)
def test_a_live_reservation_without_its_one_meeting(spoilt):
    assert figures(replace(ALL_IS_WELL, **spoilt)) == {"meetings": 1}


@pytest.mark.parametrize(
    "spoilt", [{"starts_at": TUESDAY + LENGTH}, {"minutes": 45}], ids=["another start", "another length"]
)
def test_a_meeting_at_another_time(spoilt):
    assert figures(replace(ALL_IS_WELL, zoom=(replace(MEETING, **spoilt),))) == {"times": 1}


@pytest.mark.parametrize("ref", ["r1", "nobody"], ids=["of a cancelled reservation", "of nobody"])
def test_a_planted_orphan(ref):
    assert figures(replace(CANCELLED, zoom=(replace(MEETING, ref=ref),))) == {"orphans": 1}


def test_a_doubled_mail():
    again = delivery(CONFIRMED, minute=-50)
    assert figures(replace(ALL_IS_WELL, deliveries=(*ALL_IS_WELL.deliveries, again))) == {"doubled": 1}


def test_a_mail_sent_again_because_its_sender_died_is_counted_apart():
    first = delivery(CONFIRMED, minute=-59.5, ended_well=False)
    facts = replace(ALL_IS_WELL, deliveries=(first, *ALL_IS_WELL.deliveries))
    assert figures(facts) == {DOUBLED_AND_EXPLAINED: 1}


@pytest.mark.parametrize(("minute", "expected"), [(-59, DOUBLED_AND_EXPLAINED), (-57, "doubled")])
def test_nobody_could_note_a_mail_while_the_database_was_away(minute, expected):
    outage = (NOW.timestamp() + 60 * (minute - 0.5), NOW.timestamp() + 60 * (minute + 0.5))
    again = delivery(CONFIRMED, minute=-50)
    facts = replace(ALL_IS_WELL, deliveries=(*ALL_IS_WELL.deliveries, again), outages=(outage,))
    assert figures(facts) == {expected: 1}


def test_a_third_copy_is_not_explained_by_one_death():
    copies = (delivery(CONFIRMED, minute=-59.5, ended_well=False), delivery(CONFIRMED, minute=-50))
    assert figures(replace(ALL_IS_WELL, deliveries=(*copies, *ALL_IS_WELL.deliveries))) == {"doubled": 1}


def test_a_mail_that_the_ledger_does_not_know():
    stray = delivery(mail("reservation_confirmed", occurrence="7"))
    assert figures(replace(ALL_IS_WELL, deliveries=(*ALL_IS_WELL.deliveries, stray))) == {"doubled": 1}


@pytest.mark.parametrize("left_out", [CONFIRMED, REMINDER], ids=["confirmation", "reminder"])
def test_a_missing_mail(left_out):
    kept = tuple(sent for sent in ALL_IS_WELL.deliveries if sent.message_id != left_out.message_id)
    assert figures(replace(ALL_IS_WELL, deliveries=kept)) == {"missing": 1}


def test_a_mail_that_was_never_written_down():
    assert figures(replace(ALL_IS_WELL, mails=(CONFIRMED,), deliveries=ALL_IS_WELL.deliveries[:1])) == {"missing": 1}


def test_the_mail_about_a_cancellation_is_missed():
    assert figures(replace(CANCELLED, deliveries=CANCELLED.deliveries[:1])) == {"missing": 1}


def test_the_mail_about_another_time_is_missed():
    moved = booked(sequence=1, set_at=NOW)
    assert figures(replace(ALL_IS_WELL, booked=(moved,))) == {"missing": 1}


def test_a_mail_left_behind():
    stuck = mail("new_link", state="sending", is_overdue=True)
    assert figures(replace(ALL_IS_WELL, mails=(*ALL_IS_WELL.mails, stuck))) == {"missing": 1}


def test_a_reminder_that_was_not_due_yet_is_not_missed():
    later = booked(reminders=(("reminder_day_before", NOW + timedelta(minutes=1)),))
    facts = replace(ALL_IS_WELL, booked=(later,), mails=(CONFIRMED,), deliveries=ALL_IS_WELL.deliveries[:1])
    assert figures(facts) == {}


def test_a_reminder_after_a_cancellation():
    late = delivery(REMINDER, minute=-9)
    facts = replace(CANCELLED, mails=(*CANCELLED.mails, REMINDER), deliveries=(*CANCELLED.deliveries, late))
    assert figures(facts) == {"late reminders": 1}


def test_a_reminder_before_the_cancellation_is_right():
    facts = replace(
        CANCELLED,
        mails=(*CANCELLED.mails, REMINDER),
        deliveries=(*CANCELLED.deliveries, delivery(REMINDER, minute=-40)),
    )
    assert figures(facts) == {}


def test_a_reminder_of_a_time_that_no_longer_holds():
    moved = mail("moved", occurrence="1")
    facts = replace(
        ALL_IS_WELL,
        booked=(booked(sequence=1, set_at=NOW - timedelta(minutes=30), reminders=()),),
        mails=(*ALL_IS_WELL.mails, moved),
        deliveries=(*ALL_IS_WELL.deliveries, delivery(moved, minute=-29)),
        told=(telling(), telling("moved", minute=-30)),
    )
    assert figures(facts) == {"late reminders": 1}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"seeker": "b@mail.example", "host": "b@zoom.example"}, id="counselor"),
        pytest.param({"counselor": 2, "host": "b@zoom.example"}, id="person"),
        pytest.param({"counselor": 2, "seeker": "b@mail.example"}, id="host"),
    ],
)
def test_a_double_booking_in_the_database(other):
    held = booked("BBBB3333", is_live=False, status="held", starts_at=TUESDAY + LENGTH / 2, reminders=(), **other)
    assert figures(replace(ALL_IS_WELL, booked=(*ALL_IS_WELL.booked, held))) == {"double booked": 1}


def test_a_host_is_taken_until_its_buffer_is_over():
    buffered = booked(host_until=TUESDAY + LENGTH + timedelta(minutes=5))
    begins, ends = TUESDAY + LENGTH, TUESDAY + 2 * LENGTH
    other = booked("BBBB3333", counselor=2, seeker="b@mail.example", is_live=False, starts_at=begins, ends_at=ends)
    assert figures(replace(ALL_IS_WELL, booked=(buffered, other))) == {"double booked": 1}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param({"seeker": "b@mail.example"}, 1, id="the same counselor"),
        pytest.param({"counselor": 2}, 1, id="the same person"),
        pytest.param({"counselor": 2, "seeker": "b@mail.example"}, 0, id="nothing in common"),
        pytest.param({"seeker": "b@mail.example", "is_certain": False}, 0, id="not told"),
    ],
)
def test_two_clients_are_told_the_same_place(other, expected):
    facts = replace(ALL_IS_WELL, told=(*ALL_IS_WELL.told, telling(number="BBBB3333", **other)))
    assert figures(facts).get("told double", 0) == expected


@pytest.mark.parametrize(
    "told",
    [
        pytest.param((telling(number="CCCC4444"),), id="there is none"),
        pytest.param((telling(), telling("cancelled", minute=-5)), id="not cancelled"),
        pytest.param((telling(), telling("moved", minute=-5, start=TUESDAY + LENGTH)), id="not moved"),
    ],
)
def test_a_client_was_told_what_is_not_so(told):
    assert figures(replace(ALL_IS_WELL, told=told)) == {"told not so": 1}


def test_a_client_was_told_of_a_booking_that_was_cancelled_by_nobody():
    assert figures(replace(CANCELLED, told=(telling(),)))["told not so"] == 1


def test_what_broke_off_may_have_happened_or_not():
    broken = telling("cancelled", is_certain=False, minute=-30)
    assert figures(replace(CANCELLED, told=(telling(), broken))) == {}
    assert figures(replace(ALL_IS_WELL, told=(telling(), broken))) == {}
