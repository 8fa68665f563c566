"""Links of sessions whose software the portal cannot command: those that are missing, and the form for one (S-24, S-25)."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.record import record
from booking.agenda import missing_links as missing_links_of
from booking.errors import BookingError
from booking.flows.link import enter_link, meeting_by_link, why_not_enter_link
from booking.link_forms import LinkForm
from booking.models import OnlineMeeting, Reservation
from booking.permissions import can_enter_link
from booking.views.counselor import back_to, reservation_of, warn_of_no_mail
from booking.views.office import office_page

MOST_SHOWN = 100
ABOUT_THE_ADDRESS = ("link_in_use", "link_in_use_elsewhere")


@require_safe
def missing_links(request: HttpRequest) -> HttpResponse:
    """「URLの登録待ち」 of one's own office, the earliest session first."""
    context, office = office_page(request, title=_("URLの登録待ち"))
    if office is not None:
        rows = missing_links_of(request.user, office=office, now=timezone.now())
        shown = list(rows[: MOST_SHOWN + 1])
        context |= {"rows": shown[:MOST_SHOWN], "has_more": len(shown) > MOST_SHOWN, "most": MOST_SHOWN}
        record("links.listed", actor=request.user, office_number=office.number, request=request)
    return TemplateResponse(request, "admin/links.html", context)


@require_http_methods(["GET", "POST"])
def link_of_reservation(request: HttpRequest, number: str) -> HttpResponse:
    """GET asks for the link, POST enters it. A refusal stands above the form, and what was typed stays in it."""
    reservation, now = reservation_of(request, number), timezone.now()
    if not can_enter_link(request.user, reservation):
        raise PermissionDenied
    meeting = meeting_by_link(reservation)
    replaces = meeting is not None and meeting.can_be_entered
    form = LinkForm(request.POST if request.method == "POST" else None, replaces=replaces)
    if form.is_valid() and entered(request, reservation, form, now=now):
        return redirect(back_to(request, reservation))
    return TemplateResponse(request, "admin/link.html", question(request, reservation, form, meeting=meeting, now=now))


def question(
    request: HttpRequest, reservation: Reservation, form: LinkForm, *, meeting: OnlineMeeting | None, now: datetime
) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": _("会議のURL"),
        "reservation": reservation,
        "meeting": meeting,
        "form": form,
        "refusal": why_not_enter_link(reservation, now=now),
        "next": back_to(request, reservation),
    }


def entered(request: HttpRequest, reservation: Reservation, form: LinkForm, *, now: datetime) -> bool:
    reason = form.cleaned_data.get("reason", "")
    try:
        enter_link(reservation, link=form.link(), now=now, reason=reason)
    except BookingError as refusal:
        form.add_error("url" if refusal.code in ABOUT_THE_ADDRESS else None, refusal.message)
        return False
    record(
        "meeting.link_replaced" if reason else "meeting.link_entered",
        actor=request.user,
        subject=reservation.number,
        office_number=reservation.office.number,
        request=request,
    )
    messages.success(
        request, _("予約 %(number)s: ") % {"number": reservation.display_number} + told(replaced=bool(reason))
    )
    if not reservation.email:
        warn_of_no_mail(request)
    return True


def told(*, replaced: bool) -> str:
    if replaced:
        return _("会議のURLを差し替えました。ご本人にメールでお知らせします。")
    return _("会議のURLを登録しました。ご本人にメールでお知らせします。")
