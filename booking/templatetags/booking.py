"""Words for dates, hours and rules, as the pages and mails say them."""

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import Any

from django import template
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from booking.enums import CancelChannel, Companion, ReservationStatus
from booking.models import Reservation, Service

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
def hours_lines(service: Service) -> list[tuple[str, str]]:
    """The hours of the week as (days, times), days with the same times together."""
    of_day: dict[int, list[str]] = defaultdict(list)
    for hours in service.hours.all():
        of_day[hours.weekday].append(f"{clock(hours.opens)}〜{clock(hours.closes)}")
    lines: dict[str, list[int]] = defaultdict(list)
    for weekday, times in sorted(of_day.items()):
        lines["、".join(times)].append(weekday)
    return [(_weekdays(weekdays), times) for times, weekdays in lines.items()]


@register.filter
def booking_rule(service: Service) -> str:
    """From when until when one can book."""
    return _("相談日の%(months)dか月前の同じ日から、%(day)sの%(clock)sまで予約できます。") % {
        "months": service.opens_months_before,
        "day": _days_before(service.closes_days_before),
        "clock": clock(service.closes_at) if service.closes_at else MIDNIGHT,
    }


@register.filter
def cancel_rule(service: Service) -> str:
    """How, and until when, one can cancel."""
    if service.cancel_channel == CancelChannel.PHONE:
        return _("取消は電話で受け付けます。")
    if service.cancel_closes_days_before == 0 and service.cancel_closes_at is None:
        return _("開始時刻まで、このサイトのマイページで取り消せます。")
    return _(
        "相談日の%(day)sの%(clock)sまで、このサイトのマイページで取り消せます。そのあとは電話でご連絡ください。"
    ) % {
        "day": _days_before(service.cancel_closes_days_before),
        "clock": clock(service.cancel_closes_at) if service.cancel_closes_at else MIDNIGHT,
    }


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
def companion_names(companions: list[str]) -> str:
    return Companion.words(companions)


@register.filter
def dialable(phone: str) -> str:
    """The digits of an office's number for a tel: link."""
    return "".join(character for character in phone if character in "+0123456789")


def _days_before(days: int) -> str:
    if days == 0:
        return _("当日")
    return _("前日") if days == 1 else _("%(days)d日前") % {"days": days}


def _weekdays(weekdays: list[int]) -> str:
    """月〜金 for a run of three days or more, else 月・水."""
    is_run = len(weekdays) > 2 and weekdays[-1] - weekdays[0] == len(weekdays) - 1
    names = [str(WEEKDAYS_ABBR[weekday]) for weekday in weekdays]
    return f"{names[0]}〜{names[-1]}" if is_run else "・".join(names)
