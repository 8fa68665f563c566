"""Staff give a reservation another time or counselor, with a reason that the person is told."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from audit.record import record
from booking.availability import Search, Slot, free_slots
from booking.clock import JST, day_of
from booking.enums import Action
from booking.errors import BookingError
from booking.flows.link import meeting_by_link
from booking.flows.move import move_by_office
from booking.models import Counselor, Reservation
from booking.permissions import can_cancel_as_office
from booking.transitions import is_allowed
from booking.views.act_forms import ReasonForm, day_field
from booking.views.counselor import back_to, reservation_of
from booking.views.seeker.time_buttons import days_of


class MoveForm(ReasonForm):
    """Any time of any day: staff may leave the offered times, never the constraints."""

    day = day_field(
        label=gettext_lazy("新しい日"),
        error_messages={"required": gettext_lazy("新しい日を入力してください。")},
    )
    clock = forms.TimeField(
        label=gettext_lazy("開始時刻"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": gettext_lazy("開始時刻を入力してください。")},
    )
    counselor = forms.ModelChoiceField(
        Counselor.objects.none(),
        label=gettext_lazy("相談員"),
        empty_label=None,
        error_messages={"required": gettext_lazy("相談員を選んでください。")},
    )
    field_order = ["day", "clock", "counselor", "reason"]

    def __init__(self, data: Any, *, reservation: Reservation) -> None:
        start = reservation.starts_at.astimezone(JST)
        known = {"day": start.date(), "clock": start.time(), "counselor": reservation.counselor_id}
        super().__init__(data, initial=known)
        self.service = reservation.service
        offered = Counselor.objects.offering(reservation.service)
        self.fields["counselor"].queryset = offered  # type: ignore[attr-defined]
        self.fields["reason"].help_text = _("求職者へのメールに、このまま載ります。")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "day" in cleaned and "clock" in cleaned:
            cleaned["start"] = datetime.combine(cleaned["day"], cleaned["clock"], tzinfo=JST)
        return cleaned

    def slot(self) -> Slot:
        start = self.cleaned_data["start"]
        length = self.service.policy_on(day_of(start)).length
        return Slot(start, start + length, (self.cleaned_data["counselor"].pk,))


@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, number: str) -> HttpResponse:
    """GET shows free times of the coming days as help, POST moves."""
    reservation, now = reservation_of(request, number), timezone.now()
    if not can_cancel_as_office(request.user, reservation):
        raise PermissionDenied
    form = MoveForm(request.POST if request.method == "POST" else None, reservation=reservation)
    if form.is_valid() and _move(request, reservation, form, now=now):
        return redirect(back_to(request, reservation))
    return TemplateResponse(request, "admin/move.html", _question(request, reservation, form, now=now))


def _question(request: HttpRequest, reservation: Reservation, form: MoveForm, *, now: datetime) -> dict[str, Any]:
    search = Search(
        service=reservation.service, now=now, person=reservation.person, moving=reservation, is_for_staff=True
    )
    return {
        **admin.site.each_context(request),
        "title": _("日時や相談員の変更"),
        "form": form,
        "reservation": reservation,
        "is_offered": is_allowed(reservation, Action.MOVE),
        "days": days_of(free_slots(search))[:DAYS_SHOWN],
        "next": back_to(request, reservation),
    }


DAYS_SHOWN = 10


def _move(request: HttpRequest, reservation: Reservation, form: MoveForm, *, now: datetime) -> bool:
    """A refusal stands above the form, and what was typed stays in it."""
    try:
        move_by_office(reservation, slot=form.slot(), by=request.user, reason=form.cleaned_data["reason"], now=now)
    except BookingError as refusal:
        form.add_error(None, refusal.message)
        return False
    record(
        f"reservation.{Action.MOVE}",
        actor=request.user,
        subject=reservation.number,
        office_number=reservation.office.number,
        request=request,
    )
    messages.success(request, _("日時を変更しました。求職者にメールでお知らせします。"))
    warn_of_missing_link(request, reservation)
    return True


def warn_of_missing_link(request: HttpRequest, reservation: Reservation) -> None:
    """A link that was entered for the former time is not used for the new one."""
    meeting = meeting_by_link(reservation)
    if meeting is not None and not meeting.can_be_entered:
        words = _('この日時の会議のURLがまだありません。<a href="{url}">URLを登録してください</a>。')
        messages.warning(request, format_html(words, url=reverse("admin:link", args=[reservation.number])))
