"""The rules of a service, version by version: the coming ones are edited here, those in force only read (ADR 10)."""

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from psycopg2.errorcodes import RESTRICT_VIOLATION

from booking.clock import LATEST, at, day_of
from booking.enums import Standing, Weekday
from booking.models import PolicyVersion, Question, ServiceHours
from booking.models.policy import NOT_COMING, is_coming
from booking.permissions import can_manage_office
from booking.policy_changes import GROUPS, outside_rules, standings_in_words
from offices.scoped_admin import ScopedAdmin, has_staff_role

STANDINGS, IN_WORDS = "standings", "standings_words"
SOME_DAY = date(2026, 6, 1)


class PolicyVersionForm(forms.ModelForm[PolicyVersion]):
    standings = forms.MultipleChoiceField(
        label=_("利用できる方"),
        choices=Standing,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("どれも選ばないと、仕事を探している方ならどなたでも利用できます。"),
    )

    def clean_in_force_on(self) -> date:
        """Here, before the day reaches the row: a row whose day has come is no longer shown as a form."""
        day: date = self.cleaned_data["in_force_on"]
        if not is_coming(day):
            raise ValidationError(NOT_COMING)
        if day > LATEST:
            raise ValidationError(_("日付を確認してください。"))
        return day

    def clean(self) -> dict[str, Any]:
        """The service is no field of the form, so Django leaves the constraint with it out."""
        cleaned = super().clean() or self.cleaned_data
        others = PolicyVersion.objects.filter(service=self.instance.service_id).exclude(pk=self.instance.pk)
        day: date | None = cleaned.get("in_force_on")
        if day is not None and others.filter(in_force_on=day).exists():
            self.add_error("in_force_on", _("この施行日の規則は、すでにあります。"))
        return cleaned


class ServiceHoursFormSet(BaseInlineFormSet[ServiceHours, PolicyVersion, Any]):
    def clean(self) -> None:
        """A window holds a session, and no two windows of a weekday overlap."""
        super().clean()
        windows = sorted(self._windows())
        length = timedelta(minutes=self.instance.length_minutes)
        for weekday, opens, closes in windows:
            if _length(opens, closes) < length:
                self._refuse(
                    _("%(weekday)s %(opens)sからの受付時間帯が、相談時間より短くなっています。"), weekday, opens
                )
        for (weekday, _opens, closes), (next_weekday, opens, _closes) in pairwise(windows):
            if weekday == next_weekday and opens < closes:
                self._refuse(
                    _("%(weekday)s %(opens)sからの受付時間帯が、前の受付時間帯と重なっています。"), weekday, opens
                )

    def _windows(self) -> list[tuple[int, time, time]]:
        filled = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        kept = [data for data in filled if not data.get("DELETE") and data.get("opens") and data.get("closes")]
        return [(data["weekday"], data["opens"], data["closes"]) for data in kept]

    def _refuse(self, sentence: Any, weekday: int, opens: time) -> None:
        words = {"weekday": Weekday(weekday).label, "opens": f"{opens.hour}:{opens.minute:02}"}
        raise ValidationError(sentence, params=words)


def _length(opens: time, closes: time) -> timedelta:
    return at(SOME_DAY, closes) - at(SOME_DAY, opens)


class PartOfVersion(InlineModelAdmin[Any, PolicyVersion]):
    """As changeable as its version."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_staff_role(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and may_change_version(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)


class ServiceHoursInline(PartOfVersion, admin.TabularInline[ServiceHours, PolicyVersion]):
    model = ServiceHours
    formset = ServiceHoursFormSet
    extra = 2


class QuestionInline(PartOfVersion, admin.StackedInline[Question, PolicyVersion]):
    model = Question
    extra = 1
    fields = ["label", "kind", "choices", "is_required", "help_text", "position"]


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ScopedAdmin):
    """The manager changes and deletes coming versions; a new one is a copy of another (booking.views.rules.copy_version)."""

    form = PolicyVersionForm
    inlines = [ServiceHoursInline, QuestionInline]
    list_display = ["in_force_on", "service", "office", "state", "note"]
    list_display_links = ["in_force_on", "service"]
    list_filter = [("service", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["service__office"]
    ordering = ["service__office", "service__position", "service", "-in_force_on"]
    readonly_fields = ["service", "state"]
    actions = None
    change_form_template = "admin/policy/change_form.html"

    @admin.display(description=_("安定所"))
    def office(self, obj: PolicyVersion) -> str:
        return str(obj.service.office)

    @admin.display(description=_("状態"))
    def state(self, obj: PolicyVersion) -> str:
        return state_of(obj)

    @admin.display(description=_("利用できる方"))
    def standings_words(self, obj: PolicyVersion) -> str:
        return standings_in_words(obj.standings)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """As a manager thinks; what is only read shows the words, not the codes."""
        is_read = not self.has_change_permission(request, obj)
        first: tuple[Any, list[str]] = (None, ["service", "state", "in_force_on", "note"])
        return [
            (title, {"fields": [IN_WORDS if is_read and name == STANDINGS else name for name in names]})
            for title, names in [first, *GROUPS]
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, IN_WORDS]

    def may_change(self, user: Any, obj: PolicyVersion) -> bool:
        return may_change_version(user, obj)

    def may_delete(self, user: Any, obj: PolicyVersion) -> bool:
        """A service always keeps rules: the last version stays."""
        return self.may_change(user, obj) and obj.service.policy_versions.exclude(pk=obj.pk).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def office_number_of(self, obj: PolicyVersion) -> str:
        return obj.service.office.number

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        warn_of_rules(request, PolicyVersion.objects.select_related("service").get(pk=form.instance.pk))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as violation:
            return refused_by_database(request, violation)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        may_manage = obj is not None and can_manage_office(request.user, obj.service.office)
        return super().render_change_form(request, {**context, "may_manage": may_manage}, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except IntegrityError as violation:
            return refused_by_database(request, violation)


def may_change_version(user: Any, version: PolicyVersion) -> bool:
    """The manager of the office, until the version's day comes."""
    is_coming = not version.is_fixed(on=day_of(timezone.now()))
    return is_coming and can_manage_office(user, version.service.office)


def state_of(version: PolicyVersion) -> str:
    """施行中, 終了 or これから, today."""
    today = day_of(timezone.now())
    if not version.is_fixed(on=today):
        return gettext("これから")
    return gettext("施行中") if version == version.service.version_on(today) else gettext("終了")


def warn_of_rules(request: HttpRequest, version: PolicyVersion) -> None:
    """What the new rules do not undo: reservations that stay as they were booked; and hours nobody can book in."""
    outside = len(outside_rules(version, now=timezone.now()))
    if outside:
        sentence = ngettext(
            "この規則の受付時間帯や相談時間に合わない予約が%(count)d件あります。予約はそのまま残ります。",
            "この規則の受付時間帯や相談時間に合わない予約が%(count)d件あります。予約はそのまま残ります。",
            outside,
        )
        messages.warning(request, sentence % {"count": outside})
    if not version.hours.exists():
        messages.warning(request, gettext("受付時間帯がないので、この規則の間はどなたも予約できません。"))


def refused_by_database(request: HttpRequest, violation: IntegrityError) -> HttpResponse:
    """The day of the version came while its form was open: the trigger has the last word, and it is told politely."""
    if getattr(violation.__cause__, "pgcode", None) != RESTRICT_VIOLATION:
        raise violation
    messages.error(
        request,
        gettext("この規則は施行されたため、変更できません。変えるときは、この規則をもとに新しい規則を作ってください。"),
    )
    return redirect(request.path.replace("/delete/", "/change/"))
