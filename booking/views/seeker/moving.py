"""The person chooses another time for a reservation: free times, a look at both, done."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from booking.availability import Search, free_slots
from booking.errors import BookingError
from booking.flows.move import move as move_reservation
from booking.flows.move import why_not_move
from booking.forms import ChoiceForm, FilterForm
from booking.models import Reservation
from booking.views.seeker.access import own_reservation, reservation_page
from booking.views.seeker.time_buttons import days_of


@require_http_methods(["GET", "HEAD", "POST"])
@reservation_page
def move(request: HttpRequest, number: str) -> HttpResponse:
    """GET shows the free times, GET with `start` both times side by side; only the POST moves."""
    shown, now = own_reservation(request, number), timezone.now()
    refusal = why_not_move(shown, now=now)
    if refusal is not None:
        context = {"reservation": shown, "office": shown.office, "service": shown.service, "refusal": refusal}
        return render(request, "booking/move.html", context, status=409 if request.method == "POST" else 200)
    form = ChoiceForm(request.POST or request.GET, service=shown.service)
    if form.is_valid():
        chosen = form.cleaned_data
        return _move(request, shown, chosen) if request.method == "POST" else _ask(request, shown, chosen)
    return _offer(request, shown, now=now)


def _offer(request: HttpRequest, shown: Reservation, *, now: datetime) -> HttpResponse:
    filter_form = FilterForm(request.GET, service=shown.service)
    search = Search(
        service=shown.service,
        now=now,
        person=shown.person,
        counselor=filter_form.chosen(),
        language=shown.office_interpreter,
        moving=shown,
    )
    slots = [slot for slot in free_slots(search) if slot.starts_at != shown.starts_at]
    context = {"reservation": shown, "office": shown.office, "service": shown.service, "days": days_of(slots)}
    return render(request, "booking/move.html", context | {"filter_form": filter_form, "chosen": filter_form.chosen()})


def _ask(request: HttpRequest, shown: Reservation, chosen: dict[str, Any]) -> HttpResponse:
    context = {"reservation": shown, "office": shown.office, "service": shown.service, "choice": chosen}
    return render(request, "booking/move_check.html", context)


def _move(request: HttpRequest, shown: Reservation, chosen: dict[str, Any]) -> HttpResponse:
    """Refused, the person chooses again; the old time stands."""
    try:
        move_reservation(
            shown, starts_at=chosen["start"], counselor=chosen["counselor"], by=shown.seeker, now=timezone.now()
        )
    except BookingError as refusal:
        messages.warning(request, refusal.message + _("いまの予約はそのままです。"))
        return redirect("booking:move", shown.number)
    messages.success(request, _("日時を変更しました。確認のメールをお送りします。"))
    return redirect(shown)
