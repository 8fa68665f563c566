"""What staff do with one reservation: every change goes through a flow, the host link is fetched on click."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from audit.record import record
from booking import permissions
from booking.acts import ACT_BY_SLUG, Act
from booking.clock import day_of
from booking.effects.host_link import host_url
from booking.errors import BookingError
from booking.flows.check_in import note_host
from booking.models import OnlineMeeting, Reservation
from booking.refusals import refusal
from booking.views.act_forms import ActForm
from terms.next_path import local_path


@require_http_methods(["GET", "POST"])
def act_on_reservation(request: HttpRequest, number: str, slug: str) -> HttpResponse:
    """GET asks (for what the act needs), POST runs the flow."""
    reservation = reservation_of(request, number)
    act = ACT_BY_SLUG[slug]
    if not act.may(request.user, reservation):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    form = ActForm(data, act=act, user=request.user, reservation=reservation)
    if form.is_valid() and perform(request, reservation, act, told=form.cleaned_data):
        return redirect(following_page(request, reservation, act))
    if form.is_valid():
        return redirect(back_to(request, reservation))
    return TemplateResponse(request, "admin/act.html", question(request, reservation, act, form=form))


def question(request: HttpRequest, reservation: Reservation, act: Act, *, form: ActForm) -> dict[str, Any]:
    now = timezone.now()
    return {
        **admin.site.each_context(request),
        "title": act.label,
        "act": act,
        "form": form,
        "reservation": reservation,
        "is_offered": act.is_offered(request.user, reservation, now=now),
        "refusal": act.why_not(reservation, now=now) if reservation.status in act.possible_in else None,
        "next": back_to(request, reservation),
    }


def perform(request: HttpRequest, reservation: Reservation, act: Act, *, told: dict[str, Any]) -> bool:
    """Run the flow, leave the audit record, tell the person; a refusal becomes a message. True when it was done."""
    name = {"number": reservation.display_number}
    try:
        act.run(reservation, by=request.user, told=told, now=timezone.now())
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
    if act.tells_person and not reservation.email:
        warn_of_no_mail(request)
    return True


def warn_of_no_mail(request: HttpRequest) -> None:
    messages.warning(request, _("この方のメールアドレスがないため、メールは送られません。電話で伝えてください。"))


def following_page(request: HttpRequest, reservation: Reservation, act: Act) -> str:
    """Where the act goes on, for who may; else back."""
    if act.then and permissions.can_restrict(request.user, reservation.office_id):
        return f"{reverse(f'admin:{act.then}', args=[reservation.number])}?{urlencode({'next': back_to(request, reservation)})}"
    return back_to(request, reservation)


@require_POST
def open_host_link(request: HttpRequest, number: str) -> HttpResponse:
    """Send the counselor into the meeting as its host. The link is asked of Zoom now and kept nowhere."""
    reservation = reservation_of(request, number)
    if not permissions.can_open_host_link(request.user, reservation):
        raise PermissionDenied
    try:
        link = host_url(open_meeting_of(reservation))
        note_host(reservation, by=request.user, now=timezone.now())
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
    meeting = OnlineMeeting.objects.open_of(reservation)
    if meeting is None:
        raise refusal("meeting_not_open")
    return meeting


def reservation_of(request: HttpRequest, number: str) -> Reservation:
    rows = Reservation.objects.visible_to(request.user).select_related(
        "office", "service", "counselor", "seeker", "guest"
    )
    return get_object_or_404(rows, number=number)


def back_to(request: HttpRequest, reservation: Reservation) -> str:
    """The page the person came from when it is ours, else the list of that day."""
    if wanted := local_path(request.POST.get("next") or request.GET.get("next") or ""):
        return wanted
    day = day_of(reservation.starts_at).isoformat()
    return f"{reverse('admin:day')}?date={day}&office={reservation.office.number}"
