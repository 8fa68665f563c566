"""Opening windows and absences of the sample counselors."""

from collections.abc import Iterator
from datetime import date, time, timedelta

from booking.clock import at
from booking.models import Absence, Counselor, OpeningWindow
from demo.sample_staff import COUNSELORS

WEEKDAYS = (0, 1, 2, 3, 4)
SATURDAY = 5
Opening = tuple[tuple[int, ...], time, time]

DAY: list[Opening] = [(WEEKDAYS, time(9), time(12)), (WEEKDAYS, time(13), time(17))]
MOTHERS: list[Opening] = [(WEEKDAYS, time(10), time(12)), (WEEKDAYS, time(14), time(16))]
SASEBO: list[Opening] = [(WEEKDAYS, time(8, 30), time(12)), (WEEKDAYS, time(13), time(16, 45))]
EVENING: list[Opening] = [(WEEKDAYS, time(17, 30), time(19)), ((SATURDAY,), time(10), time(16))]
SATURDAYS: list[Opening] = [((SATURDAY,), time(10), time(16))]

PLANS: dict[str, list[list[Opening]]] = {
    "kobayashi": [DAY, [((0, 2, 4), time(9), time(12))], [((1, 3), time(13), time(16, 30))]],
    "hamamatsu": [MOTHERS, MOTHERS, [((0, 1, 3), time(10), time(12))]],
    "sasebo": [SASEBO, [*SASEBO, *SATURDAYS], EVENING],
    "zenkoku": [DAY, DAY, [(WEEKDAYS, time(10), time(16))]],
}
"""The week of each counselor, in the order of demo/sample/people.py."""

ONE_MORE_DAY = {
    "kobayashi": (time(9), time(12)),
    "hamamatsu": (time(14), time(16)),
    "sasebo": (time(17, 30), time(19)),
    "zenkoku": (time(16), time(17)),
}
"""A single day on which one counselor opens in addition."""


def open_weeks(*, first_day: date, last_day: date) -> None:
    """Weekly windows of every sample counselor who takes reservations, first and last day included."""
    OpeningWindow.objects.bulk_create(
        OpeningWindow(
            counselor=counselor, weekday=weekday, begins_on=first_day, ends_on=last_day, opens=opens, closes=closes
        )
        for counselor, plan in planned()
        for weekdays, opens, closes in plan
        for weekday in weekdays
    )


def planned() -> Iterator[tuple[Counselor, list[Opening]]]:
    """The sample counselors who are still there, each with the planned week."""
    weeks = {email: week for key, emails in COUNSELORS.items() for email, week in zip(emails, PLANS[key], strict=True)}
    found = Counselor.objects.filter(membership__user__email__in=weeks, is_active=True).order_by("pk")
    for counselor, email in zip(found, found.values_list("membership__user__email", flat=True), strict=True):
        yield counselor, weeks[email]


def load_exceptions(counselors: dict[str, list[Counselor]], *, today: date) -> None:
    """A single day more for one counselor of each office; hours and a whole day away for others."""
    next_monday = today + timedelta(days=7 - today.weekday())
    for key, (first, second, third) in counselors.items():
        extra, (opens, closes) = next_monday + timedelta(days=2), ONE_MORE_DAY[key]
        keen = second if key == "sasebo" else third
        OpeningWindow.objects.create(counselor=keen, begins_on=extra, ends_on=extra, opens=opens, closes=closes)
        training = next_monday + timedelta(days=1)
        Absence.objects.create(
            counselor=first, starts_at=at(training, time(13)), ends_at=at(training, time(15)), reason="研修（見本）"
        )
        leave = next_monday + timedelta(days=8)
        Absence.objects.create(
            counselor=second,
            starts_at=at(leave, time(0)),
            ends_at=at(leave + timedelta(days=1), time(0)),
            reason="休暇（見本）",
        )
