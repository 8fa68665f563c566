"""The rules of a version in words, what a coming version changes, and which reservations would not fit it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Choices
from django.utils.formats import time_format
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from booking.clock import at, day_of
from booking.enums import QuestionKind, Standing, Weekday
from booking.models import PolicyVersion, Question, Reservation

Text = str | Promise

GROUPS: list[tuple[Text, list[str]]] = [
    (gettext_lazy("予約の方法・相談時間"), ["way", "length_minutes", "step_minutes", "seeker_number", "topic"]),
    (gettext_lazy("利用できる方"), ["standings", "asks_device", "needs_named_counselor", "tells_conversion"]),
    (
        gettext_lazy("予約の期間"),
        [
            "opens_months_before",
            "opens_days_before",
            "release_day",
            "release_at",
            "release_months_ahead",
            "closes_days_before",
            "closes_in_business_days",
            "closes_at",
        ],
    ),
    (
        gettext_lazy("件数"),
        [
            "limit_scope",
            "most_coming",
            "most_per_week",
            "most_per_month",
            "days_between",
            "gap_minutes",
            "most_sessions_a_day",
        ],
    ),
    (
        gettext_lazy("取消"),
        ["cancel_channel", "cancel_closes_days_before", "cancel_closes_in_business_days", "cancel_closes_at"],
    ),
    (
        gettext_lazy("期限"),
        ["reply_due_days", "proposal_lasts_days", "has_waiting_list", "offer_lasts_minutes"],
    ),
    (gettext_lazy("当日"), ["join_opens_minutes", "no_show_minutes"]),
]
"""Every rule of a version once, in the order in which a manager thinks of them."""


@dataclass(frozen=True)
class Change:
    """One rule that differs: before and after, in words."""

    group: Text
    label: Text
    before: str
    after: str


def changes(before: PolicyVersion, after: PolicyVersion) -> list[Change]:
    """What differs, in the order of the form: the rules, the hours of each weekday, the questions."""
    found = [
        Change(group, label_of(name), in_words(before, name), in_words(after, name))
        for group, names in GROUPS
        for name in names
    ]
    hours = hours_in_words(before), hours_in_words(after)
    found += [Change(gettext("受付時間帯"), weekday.label, hours[0][weekday], hours[1][weekday]) for weekday in Weekday]
    asked = questions_in_words(before), questions_in_words(after)
    found += [
        Change(gettext("たずねる項目"), label, asked[0].get(label, none()), asked[1].get(label, none()))
        for label in dict.fromkeys([*asked[0], *asked[1]])
    ]
    return [change for change in found if change.before != change.after]


def label_of(name: str) -> Text:
    labels: dict[str, Text] = {
        field.name: field.verbose_name
        for field in PolicyVersion._meta.concrete_fields  # noqa: SLF001  documented by Django
    }
    return labels[name]


def in_words(version: PolicyVersion, name: str) -> str:
    """The value of one rule as a manager reads it."""
    value = getattr(version, name)
    if name == "standings":
        return standings_in_words(value)
    if isinstance(value, bool):
        return gettext("はい") if value else gettext("いいえ")
    if isinstance(value, time):
        return time_format(value, "G:i")
    if value is None:
        return none()
    chosen = getattr(version, f"get_{name}_display", None)
    return str(chosen() if chosen else value)


def standings_in_words(values: list[str]) -> str:
    if not values:
        return gettext("仕事を探している方ならどなたでも")
    return gettext("、").join(_labels(Standing, values))


def hours_in_words(version: PolicyVersion) -> dict[int, str]:
    """By weekday: 9:00〜12:00、13:00〜17:00; なし for a day without hours."""
    windows: dict[int, list[str]] = defaultdict(list)
    for hours in version.hours.all():
        windows[hours.weekday].append(f"{time_format(hours.opens, 'G:i')}〜{time_format(hours.closes, 'G:i')}")
    return {weekday.value: gettext("、").join(windows[weekday.value]) or none() for weekday in Weekday}


def questions_in_words(version: PolicyVersion) -> dict[str, str]:
    return {question.label: _question_in_words(question) for question in version.questions.all()}


def none() -> str:
    return gettext("なし")


def outside_rules(version: PolicyVersion, *, now: datetime) -> list[Reservation]:
    """Reservations still to come in the version's days that its length or its hours would no longer allow."""
    following = version.service.policy_versions.filter(in_force_on__gt=version.in_force_on).first()
    coming = Reservation.objects.upcoming().filter(
        service=version.service_id, starts_at__gt=now, starts_at__gte=at(version.in_force_on, time.min)
    )
    if following is not None:
        coming = coming.filter(starts_at__lt=at(following.in_force_on, time.min))
    return [row for row in coming.order_by("starts_at") if not _fits(row, version)]


def _fits(reservation: Reservation, version: PolicyVersion) -> bool:
    day = day_of(reservation.starts_at)
    if reservation.ends_at - reservation.starts_at != timedelta(minutes=version.length_minutes):
        return False
    return any(
        at(day, hours.opens) <= reservation.starts_at and reservation.ends_at <= at(day, hours.closes)
        for hours in version.hours.all()
        if hours.weekday == day.weekday()
    )


def _question_in_words(question: Question) -> str:
    words = [question.get_kind_display(), gettext("必須") if question.is_required else gettext("任意")]
    if question.kind == QuestionKind.CHOICE:
        words.append(gettext("選択肢: %(choices)s") % {"choices": gettext("、").join(question.choices)})
    if question.help_text:
        words.append(gettext("説明: %(text)s") % {"text": question.help_text})
    return gettext("・").join(words)


def _labels(kind: type[Choices], values: list[str]) -> list[str]:
    return [str(one.label) for one in kind if one.value in values]
