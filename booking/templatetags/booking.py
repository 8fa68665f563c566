"""Words for dates, hours and rules, as the pages and mails say them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django import template
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from booking.enums import BookingWay, CancelChannel, Companion, ReservationStatus, Standing
from booking.models import PolicyVersion, Reservation
from booking.policies import BookingPolicy

register = template.Library()
MIDNIGHT = "24:00"


@register.simple_tag
def session_time(reservation: Any) -> SafeString:
    """2026年5月7日(木) 10:00〜10:30, readable by machines too. Takes anything with a start and an end."""
    start, end = localtime(reservation.starts_at), localtime(reservation.ends_at)
    return format_html(
        '<time datetime="{}"><span class="nowrap">{}</span> <span class="nowrap">{}〜{}</span></time>',
        start.isoformat(timespec="minutes"),
        date_format(start, "DATE_FORMAT"),
        clock(start.time()),
        clock(end.time()),
    )


@register.simple_tag
def moment(at: datetime) -> SafeString:
    local = localtime(at)
    text = date_format(local, "DATETIME_FORMAT")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="minutes"), text)


@register.filter
def clock(value: time) -> str:
    return f"{value.hour}:{value.minute:02}"


@register.filter
def minutes(length: timedelta) -> int:
    return length // timedelta(minutes=1)


@register.filter
def hours_lines(version: PolicyVersion) -> list[tuple[str, str]]:
    """The hours of the week as (days, times), days with the same times together."""
    of_day: dict[int, list[str]] = defaultdict(list)
    for hours in version.hours.all():
        of_day[hours.weekday].append(f"{clock(hours.opens)}〜{clock(hours.closes)}")
    lines: dict[str, list[int]] = defaultdict(list)
    for weekday, times in sorted(of_day.items()):
        lines["、".join(times)].append(weekday)
    return [(_weekdays(weekdays), times) for times, weekdays in lines.items()]


@register.filter
def booking_rule(policy: BookingPolicy) -> str:
    """From when until when one can book."""
    last_day = _days_before(policy.closes_days_before, in_business_days=policy.closes_in_business_days)
    return _("%(opens)s、%(day)sの%(clock)sまで予約できます。") % {
        "opens": _opening(policy),
        "day": last_day,
        "clock": clock(policy.closes_at) if policy.closes_at else MIDNIGHT,
    }


@register.filter
def cancel_rule(policy: BookingPolicy) -> str:
    """How, and until when, one can cancel."""
    if policy.cancel_channel == CancelChannel.PHONE:
        return _("取消や変更は電話で受け付けます。")
    if policy.cancel_channel == CancelChannel.PHONE_OR_MAIL:
        return _("取消や変更は電話かメールで受け付けます。当日は電話でご連絡ください。")
    if policy.cancel_closes_days_before == 0 and policy.cancel_closes_at is None:
        return _("開始時刻まで、このサイトで取消や日時の変更ができます。")
    day = _days_before(policy.cancel_closes_days_before, in_business_days=policy.cancel_closes_in_business_days)
    by_mail = policy.cancel_channel == CancelChannel.PORTAL_OR_MAIL
    return _(
        "相談日の%(day)sの%(clock)sまで、このサイトで取消や日時の変更ができます。そのあとは%(how)sでご連絡ください。"
    ) % {
        "day": day,
        "clock": clock(policy.cancel_closes_at) if policy.cancel_closes_at else MIDNIGHT,
        "how": _("電話かメール") if by_mail else _("電話"),
    }


@register.filter
def way_rule(policy: BookingPolicy) -> str:
    """How a reservation comes to be."""
    match policy.way:
        case BookingWay.MAIL_LINK:
            return _(
                "時間を選んで申し込むと、メールが届きます。1時間以内にメールのリンクを開くと決まります。登録はいりません。"
            )
        case BookingWay.ARRANGED:
            return _("希望の日時を3つまで書いて申し込むと、ハローワークが日時を調整してお返事します。")
        case BookingWay.STAFF_ONLY:
            return _("電話か窓口で予約を受け付けます。")
    return _("空いている時間を選ぶと、その場で決まります。")


@register.filter
def limit_rules(policy: BookingPolicy) -> list[str]:
    """How often one may book, a sentence for each limit that there is."""
    sentences = [
        (policy.most_coming, _("これからの予約は、1人%(count)d件までです。")),
        (policy.most_per_week, _("1週間（月曜から日曜）に%(count)d件までです。")),
        (policy.most_per_month, _("1か月に%(count)d件までです。")),
        (policy.days_between, _("次の相談までは%(count)d日以上あけてください。")),
    ]
    return [sentence % {"count": count} for count, sentence in sentences if count is not None]


@register.filter
def standings_in_words(policy: BookingPolicy) -> list[str]:
    """Who may book; empty when everybody who looks for work may."""
    return [str(standing.label) for standing in Standing if standing in policy.standings]


@register.filter
def status_for_seeker(reservation: Reservation) -> str:
    """The state as one says it to the person concerned."""
    match reservation.status:
        case ReservationStatus.CANCELLED_BY_SEEKER:
            return _("取消済み")
        case ReservationStatus.CANCELLED_BY_OFFICE:
            return _("ハローワークの都合で取消")
        case ReservationStatus.NO_SHOW:
            return _("参加なし")
    return reservation.get_status_display()


@register.filter
def standing_name(value: str) -> str:
    return str(Standing(value).label)


@register.filter
def companion_names(companions: list[str]) -> str:
    return Companion.words(companions)


@register.filter
def has_rare(acts: Iterable[Any]) -> bool:
    """Is there one among the buttons that is kept out of the way?"""
    return any(act.is_rare for act in acts)


@register.filter
def dialable(phone: str) -> str:
    """The digits of an office's number for a tel: link."""
    return "".join(character for character in phone if character in "+0123456789")


def _opening(policy: BookingPolicy) -> str:
    if policy.release_day is not None:
        return _("毎月%(day)d日の%(clock)sに、%(months)dか月後の1か月分の受付を始めます。相談日の") % {
            "day": policy.release_day,
            "clock": clock(policy.release_at),
            "months": policy.release_months_ahead,
        }
    if policy.opens_days_before is not None:
        return _("相談日の%(days)d日前から") % {"days": policy.opens_days_before}
    return _("相談日の%(months)dか月前の同じ日から") % {"months": policy.opens_months_before}


def _days_before(days: int, *, in_business_days: bool) -> str:
    if days == 0:
        return _("当日")
    if in_business_days:
        return _("%(days)d開庁日前") % {"days": days}
    return _("前日") if days == 1 else _("%(days)d日前") % {"days": days}


def _weekdays(weekdays: list[int]) -> str:
    """月〜金 for a run of three days or more, else 月・水."""
    is_run = len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1
    names = [str(WEEKDAYS_ABBR[weekday]) for weekday in weekdays]
    return f"{names[0]}〜{names[-1]}" if is_run else "・".join(names)
