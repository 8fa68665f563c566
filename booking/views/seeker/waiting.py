"""The waiting list as a seeker sees it: join, where do I stand, take or decline what is offered, leave."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.ratelimits import consume_if_counting
from booking.clock import day_of
from booking.deadlines import bookable_days
from booking.errors import BookingError
from booking.flows.waiting import LONGEST_WAIT, decline, join_line, leave_line, take_offer, why_not_wait
from booking.forms import FilterForm
from booking.messages_shown import messages_about_waiting
from booking.models import Service, WaitingEntry
from booking.views.seeker.access import open_service, seeker_page

USUAL_WAIT = timedelta(days=28)
"""From the first to the last day that the form proposes."""


def day_field(label: Any, *, required: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short"})
    invalid = gettext_lazy("日付は、2026-05-07 のように入力してください。")
    return forms.DateField(label=label, widget=widget, error_messages={"required": required, "invalid": invalid})


class WaitingForm(FilterForm):
    """Between which days, with whom, with which interpreter; what the service does not offer is not asked."""

    first_day = day_field(gettext_lazy("いつから"), required=gettext_lazy("いつから待つか、日付を入力してください。"))
    last_day = day_field(gettext_lazy("いつまで"), required=gettext_lazy("いつまで待つか、日付を入力してください。"))
    field_order = ["first_day", "last_day", "counselor", "language"]

    def __init__(self, *args: Any, service: Service, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, service=service, **kwargs)
        today = day_of(now)
        for name in ("first_day", "last_day"):
            self.fields[name].widget.attrs |= {
                "min": today.isoformat(),
                "max": (today + LONGEST_WAIT).isoformat(),
            }
        if len(self.counselors) < 2:
            self.fields["counselor"].widget = forms.HiddenInput()
        if not self.languages:
            self.fields["language"].widget = forms.HiddenInput()

    def wish(self) -> dict[str, Any]:
        days = {name: self.cleaned_data[name] for name in ("first_day", "last_day")}
        return {**days, "counselor": self.chosen(), "language": self.language_chosen()}


@require_http_methods(["GET", "HEAD", "POST"])
@seeker_page
def join(request: HttpRequest, pk: int) -> HttpResponse:
    now, service = timezone.now(), open_service(pk)
    own = WaitingEntry.objects.in_line().of_seeker(request.user).filter(service=service).first()
    if own is not None:
        return redirect(own)
    form = WaitingForm(request.POST or None, service=service, now=now, initial=_proposed(request, service, now))
    refusal = why_not_wait(service, request.user, now=now)
    if refusal is None and request.method == "POST" and form.is_valid():
        if not consume_if_counting("booking", str(request.user.pk), settings.BOOKING_RATE_LIMITS["user"]):
            return render(request, "429.html", status=429)
        return _join(request, service, form, now=now)
    return _join_page(request, service, form, refusal, status=409 if refusal and request.method == "POST" else 200)


@require_safe
@seeker_page
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    shown = own_entry(request, pk)
    context = {"now": timezone.now(), **facts_of_entry(shown), "mails": messages_about_waiting(shown)}
    return render(request, "booking/waiting.html", context)


@require_POST
@seeker_page
def take(request: HttpRequest, pk: int) -> HttpResponse:
    shown = own_entry(request, pk)
    try:
        held = take_offer(shown, by=request.user, now=timezone.now())
    except BookingError as refusal:
        messages.warning(request, refusal.message)
        return redirect(shown)
    return redirect("booking:details", held.number)


@require_POST
@seeker_page
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    shown = own_entry(request, pk)
    try:
        decline(shown, by=request.user, now=timezone.now())
    except BookingError as refusal:
        messages.warning(request, refusal.message)
    else:
        messages.success(request, _("今回のご案内を見送りました。空き待ちは続いています。"))
    return redirect(shown)


@require_http_methods(["GET", "HEAD", "POST"])
@seeker_page
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks once more: who joins again stands at the end."""
    shown = own_entry(request, pk)
    if not shown.is_in_line:
        return redirect(shown)
    if request.method != "POST":
        return render(request, "booking/waiting_leave.html", facts_of_entry(shown))
    leave_line(shown, by=request.user, now=timezone.now())
    messages.success(request, _("空き待ちを取りやめました。"))
    return redirect("booking:my_page")


def own_entry(request: HttpRequest, pk: int) -> WaitingEntry:
    return get_object_or_404(WaitingEntry.objects.with_facts().of_seeker(request.user), pk=pk)


def entries_on_my_page(person: Any) -> list[dict[str, Any]]:
    """Where the person stands in each line."""
    rows: Iterable[WaitingEntry] = WaitingEntry.objects.with_facts().of_seeker(person).in_line()
    return [facts_of_entry(row) for row in rows]


def facts_of_entry(shown: WaitingEntry) -> dict[str, Any]:
    """What is offered now, or was taken and waits for its details; the position of who is in line."""
    now, place = timezone.now(), shown.reservation
    is_open = shown.is_in_line and place is not None and not place.has_run_out(now=now)
    return {
        "entry": shown,
        "service": shown.service,
        "office": shown.service.office,
        "offer": place if is_open else None,
        "is_taken": is_open and place is not None and place.is_held(now=now),
        "position": shown.position if shown.is_in_line else None,
    }


def _proposed(request: HttpRequest, service: Service, now: datetime) -> dict[str, Any]:
    """From the first day that can still be booked; with what was chosen on the page of the times."""
    first = max(bookable_days(service, now=now)[0], day_of(now))
    chosen = {name: request.GET.get(name, "") for name in ("counselor", "language")}
    return {"first_day": first, "last_day": first + USUAL_WAIT, **chosen}


ABOUT_THE_PERIOD = frozenset({"bad_period", "times_free"})
"""Refusals that another period mends: told at the field, with what was typed."""


def _join(request: HttpRequest, service: Service, form: WaitingForm, *, now: datetime) -> HttpResponse:
    try:
        joined = join_line(service=service, seeker=request.user, now=now, **form.wish())
    except BookingError as refusal:
        if refusal.code not in ABOUT_THE_PERIOD:
            return _join_page(request, service, form, refusal, status=409)
        form.add_error("last_day", refusal.message)
        return _join_page(request, service, form, None, status=200)
    messages.success(request, _("空き待ちを受け付けました。順番が来たらメールでお知らせします。"))
    return redirect(joined)


def _join_page(
    request: HttpRequest, service: Service, form: WaitingForm, refusal: BookingError | None, *, status: int
) -> HttpResponse:
    version = service.version_on(day_of(timezone.now()))
    context = {"service": service, "office": service.office, "form": form, "refusal": refusal, "version": version}
    return render(request, "booking/waiting_join.html", context, status=status)
