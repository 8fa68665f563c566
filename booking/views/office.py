"""The pages of an office inside the admin: week calendar, list of a day."""

from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from audit.record import record
from booking.acts import acts_for
from booking.agenda import DayEntry, agenda_days, day_list, decisions_waiting, missing_links, monday_of, week_of
from booking.clock import EARLIEST, LATEST, day_of
from booking.models import Counselor
from booking.permissions import can_change_schedule, can_open_host_link, can_see_topics_of
from booking.undelivered import undelivered_count
from booking.views.content_security import has_button_to_meeting
from offices.models import Office


@require_safe
def week_calendar(request: HttpRequest) -> HttpResponse:
    """The first page of the admin: one week of one's own office."""
    context, office = office_page(request, title=_("週のカレンダー"))
    if office is not None:
        context |= week_shown(request, office, today=day_of(timezone.now()))
    return TemplateResponse(request, "admin/index.html", context)


def week_shown(request: HttpRequest, office: Office, *, today: date) -> dict[str, Any]:
    """The week in the address, of one counselor or of all."""
    colleagues = list(Counselor.objects.filter(office=office).select_related("membership"))
    shown = [c for c in colleagues if str(c.pk) == request.GET.get("counselor")] or colleagues
    week = week_of(
        office,
        counselors=shown,
        changeable={c.pk for c in shown if can_change_schedule(request.user, c)},
        monday=monday_of(chosen_day(request, "week", default=today)),
        today=today,
    )
    chosen = shown[0] if len(shown) < len(colleagues) else None
    return {"counselors": colleagues, "chosen": chosen, "today": today, "week": week}


@require_safe
@has_button_to_meeting
def day_reservations(request: HttpRequest) -> HttpResponse:
    """The reservations of one day with what staff need to run them."""
    now = timezone.now()
    context, office = office_page(request, title=_("一日の予約"))
    if office is not None:
        day = chosen_day(request, "date", default=day_of(now))
        entries = day_list(request.user, office=office, day=day, now=now)
        context |= days_around(office, day=day, today=day_of(now))
        context["shows_topic"] = can_see_topics_of(request.user, office.pk)
        context["entries"] = [with_acts(request.user, entry, now=now) for entry in entries]
        record_view_of_day(request, office, day=day, count=len(entries))
    return TemplateResponse(request, "admin/day.html", context)


def days_around(office: Office, *, day: date, today: date) -> dict[str, Any]:
    day_before = date.fromordinal(day.toordinal() - 1)
    previous, this_day, following = agenda_days(office, first_day=day_before, count=3, today=today)
    return {"day": this_day, "previous": previous.day, "following": following.day}


def with_acts(user: Any, entry: DayEntry, *, now: datetime) -> dict[str, Any]:
    return {
        "entry": entry,
        "acts": acts_for(user, entry.reservation, now=now),
        "may_host": entry.has_host_link and can_open_host_link(user, entry.reservation),
    }


def record_view_of_day(request: HttpRequest, office: Office, *, day: date, count: int) -> None:
    record(
        "day.viewed",
        actor=request.user,
        subject=day.isoformat(),
        office_number=office.number,
        detail={"reservations": count},
        request=request,
    )


def office_page(request: HttpRequest, *, title: str) -> tuple[dict[str, Any], Office | None]:
    """The context of a page about one's own office, and the office; None for who belongs to no office."""
    offices = list(Office.objects.of_staff(request.user))
    office = chosen_office(request, offices)
    waiting = decisions_waiting(request.user, office=office) if office else 0
    missing = missing_links(request.user, office=office, now=timezone.now()).count() if office else 0
    context = {"title": title, "offices": offices, "office": office, "decisions_waiting": waiting}
    context["links_missing"] = missing
    context["undelivered"] = undelivered_count(request.user, office=office, now=timezone.now()) if office else 0
    return {**admin.site.each_context(request), **context}, office


def chosen_office(request: HttpRequest, offices: list[Office]) -> Office | None:
    """The office named in the address, 404 when it is not one's own; the first one without a name."""
    number = request.GET.get("office")
    if number:
        return get_object_or_404(Office.objects.of_staff(request.user), number=number)
    return offices[0] if offices else None


def chosen_day(request: HttpRequest, name: str, *, default: date) -> date:
    """The day in the address; what is no day of our time is the default."""
    try:
        day = parse_date(request.GET.get(name, "")) or default
    except ValueError:
        return default
    return day if EARLIEST <= day <= LATEST else default
