"""Counselors, their opening windows and absences, and the hours of the interpreters."""

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from booking.admin.hosts import uses_to_come, warn_of_missing_hosts
from booking.agenda import hit_by_absence, outside_windows
from booking.clock import EARLIEST, JST, LATEST, at
from booking.flows.absence import save_absence
from booking.models import Absence, Counselor, InterpreterHours, MeetingHost, OpeningWindow, Reservation, Service
from booking.permissions import (
    can_change_schedule,
    can_manage_office,
    counselors_with_changeable_schedule,
    may_have_changeable_schedule,
)
from offices.models import Office, StaffMembership
from offices.roles import managed_offices
from offices.scoped_admin import ScopedAdmin

OFFICE_OPENS, OFFICE_CLOSES = time(8, 30), time(17, 15)


class CounselorForm(forms.ModelForm[Counselor]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Of the hosts only those in use that are nobody else's own."""
        super().__init__(*args, **kwargs)
        field = self.fields.get("meeting_host")
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            present = Q(pk=self.instance.meeting_host_id)
            field.queryset = field.queryset.filter(present | Q(counselor__isnull=True, is_active=True))
            if self.instance.pk:
                office = self.instance.office
                of_office = Q(office=office) | Q(bureau__isnull=False, bureau=office.bureau_id)
                field.queryset = field.queryset.filter(present | of_office)

    def clean(self) -> dict[str, Any]:
        """A counselor, the membership, the services and the Zoom user belong to one office, or the last to its bureau."""
        cleaned = super().clean() or self.cleaned_data
        office = cleaned.get("office") or getattr(self.instance, "office", None)
        membership = cleaned.get("membership")
        if office and membership and membership.office_id != office.pk:
            self.add_error("membership", _("相談員と同じ安定所の所属を選んでください。"))
        if office and any(service.office_id != office.pk for service in cleaned.get("services") or []):
            self.add_error("services", _("相談員と同じ安定所の相談メニューを選んでください。"))
        host = cleaned.get("meeting_host")
        if office and host and host.office != office and (host.bureau is None or host.bureau != office.bureau):
            self.add_error("meeting_host", _("相談員と同じ安定所か、その労働局のZoomのユーザーを選んでください。"))
        return cleaned


class AbsenceForm(forms.ModelForm[Absence]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Date and time are two inputs under one label: each gets a name of its own."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if name in {"starts_at", "ends_at"} and isinstance(field.widget, forms.MultiWidget):
                day, clock = field.widget.widgets
                day.attrs["aria-label"] = _("%(name)sの日付") % {"name": field.label}
                clock.attrs["aria-label"] = _("%(name)sの時刻") % {"name": field.label}

    def clean(self) -> dict[str, Any]:
        """A moment that the database cannot give back would close every page that shows it."""
        cleaned = super().clean() or self.cleaned_data
        for name in ("starts_at", "ends_at"):
            moment = cleaned.get(name)
            if moment is not None and not EARLIEST <= moment.date() <= LATEST:
                self.add_error(name, _("日付を確認してください。2000年から2199年までの日を入力してください。"))
        return cleaned


@admin.register(Counselor)
class CounselorAdmin(ScopedAdmin):
    """The manager of the office decides who can be booked; a counselor is switched off, never deleted."""

    form = CounselorForm
    list_display = ["name", "office", "meeting_host", "is_active"]
    list_filter = ["is_active", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office"]
    search_fields = ["name"]
    filter_horizontal = ["services"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        warn_of_missing_hosts(request)
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Counselor, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.meeting_host is not None and "meeting_host" in form.changed_data:
            warn(
                request,
                _("%(host)sは、次の相談でほかの相談員が使います。その時間は、この相談員の予約を受け付けられません。")
                % {"host": obj.meeting_host.address},
                uses_to_come(obj.meeting_host).exclude(counselor=obj).filter(office=obj.office),
            )

    def may_change(self, user: Any, obj: Counselor) -> bool:
        return can_manage_office(user, obj.office)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        offices = managed_offices(user)
        if model is Office:
            return offices
        if model is Service:
            return Service.objects.filter(office__in=offices).select_related("office")
        if model is StaffMembership:
            return StaffMembership.objects.filter(office__in=offices, is_active=True).select_related("user", "office")
        if model is MeetingHost:
            hosts = MeetingHost.objects.filter(Q(office__in=offices) | Q(bureau__in=offices.values("bureau")))
            return hosts.select_related("office", "bureau")
        return super().choices_for(user, model)


class ScheduleAdmin(ScopedAdmin):
    """Counselors their own calendar, the manager every calendar of the office."""

    list_filter = [("counselor", admin.RelatedOnlyFieldListFilter)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("counselor__office", "counselor__membership")

    def may_add(self, user: Any) -> bool:
        return may_have_changeable_schedule(user)

    def may_change(self, user: Any, obj: OpeningWindow | Absence) -> bool:
        return can_change_schedule(user, obj.counselor)

    def office_number_of(self, obj: OpeningWindow | Absence) -> str:
        return obj.counselor.office.number

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        if model is Counselor:
            return counselors_with_changeable_schedule(user)
        return super().choices_for(user, model)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From the calendar: `?counselor=…&day=…`, nothing else; a person with one calendar need not choose it."""
        given = super().get_changeform_initial_data(request)
        initial: dict[str, Any] = {name: value for name, value in given.items() if name == "counselor"}
        own = list(counselors_with_changeable_schedule(request.user)[:2])
        if "counselor" not in initial and len(own) == 1:
            initial["counselor"] = str(own[0].pk)
        day = wanted_day(request)
        return {**initial, **self.initial_for(day)} if day else initial

    def initial_for(self, day: date) -> dict[str, Any]:
        raise NotImplementedError


@admin.register(OpeningWindow)
class OpeningWindowAdmin(ScheduleAdmin):
    list_display = ["counselor", "weekday", "begins_on", "ends_on", "opens", "closes"]
    list_display_links = ["counselor", "begins_on"]
    fields = ["counselor", "weekday", ("begins_on", "ends_on"), ("opens", "closes")]

    def initial_for(self, day: date) -> dict[str, Any]:
        return {"begins_on": day, "ends_on": day, "opens": OFFICE_OPENS, "closes": OFFICE_CLOSES}

    def save_model(self, request: HttpRequest, obj: OpeningWindow, form: Any, change: bool) -> None:
        former = OpeningWindow.objects.select_related("counselor").get(pk=obj.pk).counselor if change else obj.counselor
        super().save_model(request, obj, form, change)
        for counselor in {former, obj.counselor}:
            warn_of_windows(request, counselor)

    def delete_model(self, request: HttpRequest, obj: OpeningWindow) -> None:
        counselor = obj.counselor
        super().delete_model(request, obj)
        warn_of_windows(request, counselor)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OpeningWindow]) -> None:
        counselors = {window.counselor for window in queryset}
        super().delete_queryset(request, queryset)
        for counselor in counselors:
            warn_of_windows(request, counselor)


@admin.register(Absence)
class AbsenceAdmin(ScheduleAdmin):
    form = AbsenceForm
    list_display = ["counselor", "starts_at", "ends_at", "reason"]
    list_display_links = ["counselor", "starts_at"]
    date_hierarchy = "starts_at"
    fields = ["counselor", "starts_at", "ends_at", "reason"]

    def initial_for(self, day: date) -> dict[str, Any]:
        return {"starts_at": at(day, OFFICE_OPENS), "ends_at": at(day, OFFICE_CLOSES)}

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:
        now = timezone.now()
        save_absence(obj, by=request.user, now=now)
        warn(
            request,
            _(
                "この不在と重なる予約があります。予約はそのまま残っています。必要なときは、取り消すか、電話で相談してください。"
            ),
            hit_by_absence(obj, now=now),
        )


@admin.register(InterpreterHours)
class InterpreterHoursAdmin(ScopedAdmin):
    """The manager of the office says when how many interpreters are there."""

    list_display = ["language", "weekday", "opens", "closes", "seats", "office"]
    list_filter = ["language", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office"]
    fields = ["office", "language", "weekday", ("opens", "closes"), "seats"]

    def may_change(self, user: Any, obj: InterpreterHours) -> bool:
        return can_manage_office(user, obj.office)

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        return managed_offices(user) if model is Office else super().choices_for(user, model)


def wanted_day(request: HttpRequest) -> date | None:
    try:
        return parse_date(request.GET.get("day", ""))
    except ValueError:
        return None


def warn_of_windows(request: HttpRequest, counselor: Counselor) -> None:
    warn(
        request,
        _("%(counselor)sさんには、受付枠の外になった予約があります。予約はそのまま残っています。")
        % {"counselor": counselor.name},
        outside_windows(counselor, now=timezone.now()),
    )


def warn(request: HttpRequest, sentence: str, reservations: Iterable[Reservation]) -> None:
    """A warning with a link to each reservation; nothing when none is hit."""
    links = [
        (
            reverse("admin:booking_reservation_change", args=[row.pk]),
            date_format(row.starts_at.astimezone(JST), "DATETIME_FORMAT"),
            row.name,
        )
        for row in reservations
    ]
    if links:
        items = format_html_join("", '<li><a href="{}">{} {}</a></li>', links)
        messages.warning(request, format_html("{}<ul>{}</ul>", sentence, items))
