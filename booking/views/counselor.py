"""What staff do with one reservation: every change goes through a flow, the host link is fetched on click."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from audit.record import record
from booking import permissions
from booking.clock import day_of
from booking.effects.host_link import host_url
from booking.enums import Action, MeetingState
from booking.errors import BookingError
from booking.flows.cancel import cancel_by_office
from booking.flows.check_in import check_in, mark_contacted
from booking.flows.complete import complete
from booking.flows.no_show import undo_no_show
from booking.models import OnlineMeeting, Reservation
from booking.transitions import is_allowed

HOST_LINK_SOURCES = [f"{prefix}{host}" for host in settings.ZOOM_JOIN_HOSTS for prefix in ("", "*.")]
"""Chromium applies `form-action` also to where the answer to the host button leads."""


@dataclass(frozen=True)
class Act:
    """A button of the staff: the action of the state machine, the flow behind it, and who may press it."""

    slug: str
    action: Action
    label: str | Promise
    done: str | Promise
    flow: Callable[..., Any]
    may: Callable[[Any, Reservation], bool]
    asks_reason: bool = False
    reason_help: str | Promise = ""

    def is_offered(self, user: Any, reservation: Reservation) -> bool:
        return is_allowed(reservation, self.action) and self.may(user, reservation)

    def run(self, reservation: Reservation, *, by: Any, reason: str, now: datetime) -> None:
        if self.asks_reason:
            self.flow(reservation, by=by, reason=reason, now=now)
        else:
            self.flow(reservation, by=by, now=now)


ACTS = [
    Act(
        slug="check-in",
        action=Action.CHECK_IN,
        label=gettext_lazy("入室を記録"),
        done=gettext_lazy("入室を記録しました。"),
        flow=check_in,
        may=permissions.can_run_session,
    ),
    Act(
        slug="contacted",
        action=Action.MARK_CONTACTED,
        label=gettext_lazy("連絡あり"),
        done=gettext_lazy("連絡があったことを記録しました。無断欠席の自動取消はされません。"),
        flow=mark_contacted,
        may=permissions.can_run_session,
    ),
    Act(
        slug="complete",
        action=Action.COMPLETE,
        label=gettext_lazy("終了"),
        done=gettext_lazy("相談を終了にしました。"),
        flow=complete,
        may=permissions.can_run_session,
    ),
    Act(
        slug="cancel",
        action=Action.CANCEL_BY_OFFICE,
        label=gettext_lazy("予約を取り消す"),
        done=gettext_lazy("予約を取り消しました。求職者にメールでお知らせします。"),
        flow=cancel_by_office,
        may=permissions.can_cancel_as_office,
        asks_reason=True,
        reason_help=gettext_lazy("求職者へのメールに、このまま載ります。"),
    ),
    Act(
        slug="undo-no-show",
        action=Action.UNDO_NO_SHOW,
        label=gettext_lazy("無断欠席を取り消す"),
        done=gettext_lazy("無断欠席を取り消し、予約を元に戻しました。"),
        flow=undo_no_show,
        may=permissions.can_undo_no_show,
        asks_reason=True,
        reason_help=gettext_lazy("予約の履歴に残ります。求職者には表示されません。"),
    ),
]
ACT_BY_SLUG = {act.slug: act for act in ACTS}


def acts_for(user: Any, reservation: Reservation) -> list[Act]:
    """The buttons this person gets for the reservation in its present status."""
    return [act for act in ACTS if act.is_offered(user, reservation)]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("理由を入力してください。")},
    )


@require_http_methods(["GET", "POST"])
def act_on_reservation(request: HttpRequest, number: str, slug: str) -> HttpResponse:
    """GET asks (for the reason, where one is needed), POST runs the flow."""
    reservation = reservation_of(request, number)
    act = ACT_BY_SLUG[slug]
    if not act.may(request.user, reservation):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and (not act.asks_reason or form.is_valid()):
        reason = form.cleaned_data["reason"] if act.asks_reason else ""
        perform(request, reservation, act, reason=reason)
        return redirect(back_to(request, reservation))
    context = {
        **admin.site.each_context(request),
        "title": act.label,
        "act": act,
        "form": form,
        "reservation": reservation,
        "is_offered": act.is_offered(request.user, reservation),
        "next": back_to(request, reservation),
    }
    return TemplateResponse(request, "admin/act.html", context)


def perform(request: HttpRequest, reservation: Reservation, act: Act, *, reason: str) -> bool:
    """Run the flow, leave the audit record, tell the person; a refusal becomes a message. True when it was done."""
    name = {"number": reservation.display_number}
    try:
        act.run(reservation, by=request.user, reason=reason, now=timezone.now())
    except BookingError as refusal:
        messages.error(request, _("予約 %(number)s: ") % name + refusal.message)
        return False
    record(
        f"reservation.{act.action}",
        actor=request.user,
        subject=reservation.number,
        office_number=reservation.office.number,
        request=request,
    )
    messages.success(request, _("予約 %(number)s: ") % name + str(act.done))
    return True


@require_POST
def open_host_link(request: HttpRequest, number: str) -> HttpResponse:
    """Send the counselor into the meeting as its host. The link is asked of Zoom now and kept nowhere."""
    reservation = reservation_of(request, number)
    if not permissions.can_open_host_link(request.user, reservation):
        raise PermissionDenied
    try:
        link = host_url(open_meeting_of(reservation))
    except BookingError as refusal:
        messages.error(request, refusal.message)
        return redirect(back_to(request, reservation))
    record(
        "meeting.host_link_opened",
        actor=request.user,
        subject=reservation.number,
        office_number=reservation.office.number,
        request=request,
    )
    return HttpResponseRedirect(link)


def open_meeting_of(reservation: Reservation) -> OnlineMeeting:
    meeting = reservation.meetings.filter(state=MeetingState.OPEN).first()
    if meeting is None:
        message = _("オンライン会議がまだ作成されていません。しばらくしてから、もう一度お試しください。")
        raise BookingError(message, code="meeting_not_open")
    return meeting


def reservation_of(request: HttpRequest, number: str) -> Reservation:
    rows = Reservation.objects.visible_to(request.user).select_related("office", "service", "counselor")
    return get_object_or_404(rows, number=number)


def back_to(request: HttpRequest, reservation: Reservation) -> str:
    """The page the person came from when it is ours, else the list of that day."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    day = day_of(reservation.starts_at).isoformat()
    return f"{reverse('admin:day')}?date={day}&office={reservation.office.number}"
