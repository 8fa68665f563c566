"""The form of a request: up to three wished times, a counselor, an interpreter, and the details that the office asks."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from booking.clock import EARLIEST, JST, at, day_of
from booking.deadlines import bookable_days
from booking.flows.arrange import Wishes, why_not_wish
from booking.forms import DetailsForm, FilterForm
from booking.models import Service
from booking.policies import MOST_WISHES
from booking.refusals import refusal
from booking.rules.slots import grid
from booking.templatetags.booking import clock

NUMBERS = range(1, MOST_WISHES + 1)


class RequestForm(DetailsForm):
    """Each wish is a day and a time; the rules are asked of the flow, and the answer stands at the wish."""

    def __init__(self, *args: Any, service: Service, person: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, version=service.version_on(day_of(now)), **kwargs)
        self.service, self.person, self.now = service, person, now
        first, last = bookable_days(service, now=now)
        starts = [("", _("選んでください")), *((f"{start:%H:%M}", clock(start)) for start in starts_of(service, last))]
        for number in NUMBERS:
            self.fields[f"day_{number}"] = _day_field(number, first=first, last=last)
            self.fields[f"time_{number}"] = _time_field(number, choices=starts)
        offered = FilterForm(service=service)
        self.counselors = offered.counselors
        wished = [f"{half}_{number}" for number in NUMBERS for half in ("day", "time")]
        if len(offered.counselors) > 1:
            self.fields["counselor"] = _optional(offered.fields["counselor"], _("希望する相談員"))
        if offered.languages:
            self.fields["language"] = _optional(offered.fields["language"], _("ハローワークの通訳"))
        self.asked_first = [*wished, "counselor", "language"]
        self.order_fields(self.asked_first)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        seen: set[datetime] = set()
        for number in NUMBERS:
            start = self._wish(number)
            if start is None:
                continue
            refused = refusal("same_wish") if start in seen else self._why_not(start)
            if refused is not None:
                self.add_error(f"day_{number}", refused.message)
            seen.add(start)
        return cleaned

    def wishes(self) -> Wishes:
        starts = [start for number in NUMBERS if (start := self._wish(number))]
        counselor = self.counselors.get(self.cleaned_data.get("counselor", ""))
        return Wishes(starts=starts, counselor=counselor, language=self.cleaned_data.get("language", ""))

    def wish_fields(self) -> list[tuple[int, BoundField, BoundField]]:
        return [(number, self[f"day_{number}"], self[f"time_{number}"]) for number in NUMBERS]

    def other_fields(self) -> Iterator[BoundField]:
        """Whom and what with, before the details."""
        return (self[name] for name in ("counselor", "language") if name in self.fields)

    def detail_fields(self) -> Iterator[BoundField]:
        return (self[name] for name in self.fields if name not in self.asked_first)

    def _wish(self, number: int) -> datetime | None:
        """Both halves, or an error at the one that is missing."""
        day, start = self.cleaned_data.get(f"day_{number}"), self.cleaned_data.get(f"time_{number}")
        if day and start:
            return at(day, start)
        for half, name in ((day, "day"), (start, "time")):
            if (day or start) and not half and f"{name}_{number}" not in self.errors:
                self.add_error(
                    f"{name}_{number}", _("第%(number)s希望は、日と時刻の両方を入力してください。") % {"number": number}
                )
        return None

    def _why_not(self, start: datetime) -> Any:
        counselor = self.counselors.get(self.cleaned_data.get("counselor", ""))
        return why_not_wish(self.service, self.person, starts_at=start, now=self.now, counselor=counselor)


def starts_of(service: Service, day: date) -> list[time]:
    """Every time of day at which a session may begin, on any weekday, under the version of that day or an earlier one."""
    starts: set[time] = set()
    for version in service.versions:
        if version.in_force_on > day and version != service.versions[0]:
            continue
        for hours in version.hours.all():
            window = (at(date(2000, 1, 3), hours.opens), at(date(2000, 1, 3), hours.closes))
            found = grid(window, length=version.policy.length, step=version.policy.step)
            starts |= {start.astimezone(JST).time() for start in found}
    return sorted(starts)


def _day_field(number: int, *, first: date, last: date) -> forms.DateField:
    limits = {"min": f"{first:%Y-%m-%d}", "max": f"{last:%Y-%m-%d}"} if first <= last else {}
    words = {"number": number}
    missing = _("第%(number)s希望の日を入力してください。") % words
    return forms.DateField(
        label=_("日"),
        required=number == 1,
        validators=[MinValueValidator(EARLIEST, missing)],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short", **limits}),
        error_messages={"required": missing, "invalid": missing},
    )


def _time_field(number: int, *, choices: list[tuple[str, str]]) -> forms.TypedChoiceField:
    words = {"number": number}
    return forms.TypedChoiceField(
        label=_("時刻"),
        required=number == 1,
        choices=choices,
        coerce=time.fromisoformat,
        empty_value=None,
        error_messages={"required": _("第%(number)s希望の時刻を選んでください。") % words},
    )


def _optional(field: forms.Field, label: str) -> forms.Field:
    field.label, field.required = label, False
    return field
