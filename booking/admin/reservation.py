"""Reservations: read here, changed only through flows. No row is added, edited or deleted."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from audit.record import record
from booking.acts import ACT_BY_SLUG, acts_for
from booking.agenda import entries_of
from booking.clock import day_of
from booking.enums import Action, MailKind
from booking.evidence import evidence_of
from booking.models import Reservation, Restriction
from booking.models.restriction import RestrictionQuerySet
from booking.permissions import can_cancel_as_office, can_open_host_link, can_restrict, can_see_topic
from booking.transitions import is_allowed
from booking.undelivered import undelivered_about
from booking.views.act_forms import ReasonForm
from booking.views.content_security import has_button_to_meeting
from booking.views.counselor import perform
from mailing.models import OutgoingMail
from offices.scoped_admin import ScopedAdmin

ABOUT_CONDUCT = (Action.STOP, Action.MARK_NO_SHOW)
"""What their reasons tell, and what follows, is for those who may restrict; reception reads that it happened."""


def restrictions_of(reservation: Reservation, *, on: date) -> RestrictionQuerySet:
    """What keeps the person of the reservation from booking at its office on that day."""
    return Restriction.objects.in_force(on).of_person(reservation.person).filter(office=reservation.office_id)


@admin.register(Reservation)
class ReservationAdmin(ScopedAdmin):
    list_display = ["display_number", "starts_at", "status", "way", "name", "kana", "counselor", "service"]
    list_display_links = ["display_number", "starts_at"]
    list_filter = [
        "status",
        ("office", admin.RelatedOnlyFieldListFilter),
        ("counselor", admin.RelatedOnlyFieldListFilter),
        ("service", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["counselor", "service"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    search_fields = ["name", "kana", "phone", "seeker_number"]
    search_help_text = _("氏名、ふりがな、電話番号、求職番号、または予約番号")
    actions = ["cancel_selected"]

    @admin.display(description=_("予約番号"), ordering="number")
    def display_number(self, obj: Reservation) -> str:
        return obj.display_number

    @admin.display(description=_("実施方法"), ordering="switched_to_phone_at")
    def way(self, obj: Reservation) -> str:
        return str(_("電話で実施")) if obj.was_by_phone else ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A whole reservation number, with or without its dash, finds exactly that one."""
        number = search_term.strip().upper().replace("-", "")
        by_number = queryset.filter(number=number)
        if number and by_number.exists():
            return by_number, False
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET":
            detail = {"searched": bool(request.GET.get("q"))}
            record("reservation.listed", actor=request.user, detail=detail, request=request)
        return super().changelist_view(request, {"title": _("予約の一覧"), **(extra_context or {})})

    @method_decorator(has_button_to_meeting)
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One reservation with its history, meetings, mails and buttons. A forged POST changes nothing."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        reservation = self.get_object(request, unquote(object_id))
        if reservation is None:
            raise Http404
        record(
            "reservation.viewed",
            actor=request.user,
            subject=reservation.number,
            office_number=reservation.office.number,
            request=request,
        )
        return TemplateResponse(request, "admin/booking/reservation/change_form.html", self._page(request, reservation))

    def _page(self, request: HttpRequest, reservation: Reservation) -> dict[str, Any]:
        now = timezone.now()
        entry = entries_of([reservation], now=now)[0]
        may_judge = can_restrict(request.user, reservation.office_id)
        mails = OutgoingMail.objects.about(str(reservation.uuid)).filter(is_secret=False)
        return {
            **self.admin_site.each_context(request),
            "title": _("予約 %(number)s") % {"number": reservation.display_number},
            "opts": self.opts,
            "reservation": reservation,
            "entry": entry,
            "acts": acts_for(request.user, reservation, now=now),
            "may_host": entry.has_host_link and can_open_host_link(request.user, reservation),
            "may_restrict": may_judge and reservation.name != "",
            "may_judge": may_judge,
            "about_conduct": ABOUT_CONDUCT,
            "restrictions": restrictions_of(reservation, on=day_of(now)),
            "shows_topic": can_see_topic(request.user, reservation),
            "stays": evidence_of(reservation).stays,
            "events": reservation.events.select_related("actor"),
            "meetings": reservation.meetings.all(),
            "undelivered_here": undelivered_about(reservation, now=now),
            "mails": [(MailKind(mail.kind).label, mail) for mail in mails.defer("body").order_by("due_at", "pk")],
        }

    @admin.action(description=_("選んだ予約を取り消す（理由を入力します）"))
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Reservation]) -> HttpResponse | None:
        rows = [
            row
            for row in queryset.select_related("office", "service", "counselor")
            if can_cancel_as_office(request.user, row) and is_allowed(row, Action.CANCEL_BY_OFFICE)
        ]
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            for row in rows:
                perform(request, row, ACT_BY_SLUG["cancel"], told=form.cleaned_data)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("選んだ予約の取消"),
            "opts": self.opts,
            "form": form,
            "reservations": rows,
            "selected": [row.pk for row in queryset],
        }
        return TemplateResponse(request, "admin/cancel_selected.html", context)
