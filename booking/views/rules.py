"""Pages of the staff about the rules: what a coming version changes, the time machine, the table of refusals."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from audit.record import record
from booking.clock import EARLIEST, JST, LATEST, at, day_of
from booking.flows.rules import copy_rules
from booking.models import Counselor, PolicyVersion, Service
from booking.permissions import can_manage_office
from booking.policy_changes import changes
from booking.refusals import REFUSALS, sample_sentence
from booking.time_machine import Imagined, Kind, look
from booking.views.act_forms import day_field

MOST_OTHERS = 20


def time_field(label: Any, **more: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}), **more)


class DaysField(forms.CharField):
    """Days, with anything between them that is no part of a day."""

    def clean(self, value: Any) -> list[date]:
        pieces = re.split(r"[\s,、，]+", super().clean(value).strip())
        try:
            days = [parse_date(piece.replace("/", "-")) for piece in pieces if piece]
        except ValueError:
            days = [None]
        if None in days or len(days) > MOST_OTHERS:
            raise ValidationError(_("日付は「2026-06-10、2026-06-12」のように、20日まで入力してください。"))
        return [day for day in days if day is not None and EARLIEST <= day <= LATEST]


class CopyForm(forms.Form):
    in_force_on = day_field(label=_("施行日"), help_text=_("この日から、新しい規則になります。明日以後の日付です。"))
    note = forms.CharField(label=_("変更の理由（職員用メモ）"), max_length=200, required=False)


class ServiceChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Service) -> str:
        return f"{obj.office} {obj}"


class TimeMachineForm(forms.Form):
    """Everything may be left as it is: then it asks about now."""

    service = ServiceChoiceField(Service.objects.none(), label=_("相談メニュー"), empty_label=None)
    kind = forms.ChoiceField(label=_("どのような方"), choices=Kind)
    counselor = forms.ModelChoiceField(
        Counselor.objects.none(),
        label=_("担当の相談員"),
        required=False,
        empty_label=_("選ばない"),
        help_text=_("「担当者が決まっている」方のときに選んでください。"),
    )
    has_no_device = forms.BooleanField(label=_("カメラのある機器を持っていない"), required=False)
    others = DaysField(
        label=_("ほかの予約の日"),
        required=False,
        help_text=_("件数の上限に数える予約がある日。例: 2026-06-10、2026-06-12"),
    )
    day = day_field(label=_("予約の操作をする日"))
    time = time_field(_("予約の操作をする時刻"))
    wish_day = day_field(
        label=_("希望する相談の日"), required=False, help_text=_("調べたい相談があるときに入力してください。")
    )
    wish_time = time_field(_("希望する相談の開始時刻"), required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = Service.objects.visible_to(user).filter(policy_versions__isnull=False).distinct()
        self.fields["service"].queryset = services.select_related("office")  # type: ignore[attr-defined]
        self.fields["counselor"].queryset = Counselor.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        service, counselor = cleaned.get("service"), cleaned.get("counselor")
        if cleaned.get("kind") == Kind.NAMED and counselor is None and "counselor" not in self.errors:
            self.add_error("counselor", _("担当の相談員を選んでください。"))
        if service and counselor and counselor.office_id != service.office_id:
            self.add_error("counselor", _("相談メニューと同じ安定所の相談員を選んでください。"))
        if bool(cleaned.get("wish_day")) != (cleaned.get("wish_time") is not None) and not self.errors:
            self.add_error("wish_time", _("希望する相談は、日と開始時刻の両方を入力してください。"))
        return cleaned

    @property
    def imagined(self) -> Imagined:
        given = self.cleaned_data
        return Imagined(
            service=given["service"],
            now=at(given["day"], given["time"]),
            kind=Kind(given["kind"]),
            counselor=given["counselor"],
            has_device=False if given["has_no_device"] else None,
            others=given["others"],
            starts_at=at(given["wish_day"], given["wish_time"]) if given["wish_day"] else None,
        )


@require_safe
def time_machine(request: HttpRequest) -> HttpResponse:
    """What could this person book at this moment? By GET: nothing is written."""
    data = _with_now(request.GET) if "service" in request.GET else None
    form = TimeMachineForm(data, user=request.user, initial=_with_now({}))
    imagined = form.imagined if form.is_valid() else None
    context = {"form": form, "imagined": imagined, "answer": look(imagined) if imagined else None}
    return _page(request, "admin/policy/time_machine.html", gettext("いつ、何を予約できるか"), context)


@require_safe
def refusal_codes(request: HttpRequest) -> HttpResponse:
    """Every refusal of the portal, for support staff."""
    rows = [(code, sample_sentence(code), known) for code, known in REFUSALS.items()]
    return _page(request, "admin/policy/refusals.html", gettext("お断りの一覧"), {"rows": rows})


@require_safe
def version_difference(request: HttpRequest, pk: int) -> HttpResponse:
    """What a coming version changes against the one in force; of one in force, what it changed."""
    version, today = _version(request, pk), day_of(timezone.now())
    before = version.service.version_on(min(today, version.in_force_on - timedelta(days=1)))
    context = {
        "version": version,
        "before": before if before != version else None,
        "changes": changes(before, version),
    }
    return _page(request, "admin/policy/difference.html", gettext("規則の変更点"), context)


@require_http_methods(["GET", "HEAD", "POST"])
def copy_version(request: HttpRequest, pk: int) -> HttpResponse:
    """The rules once more, from a coming day on, to be changed there. What was typed stays when it cannot be."""
    former = _version(request, pk)
    if not can_manage_office(request.user, former.service.office):
        raise PermissionDenied
    tomorrow = day_of(timezone.now()) + timedelta(days=1)
    form = CopyForm(request.POST or None, initial={"in_force_on": tomorrow})
    if form.is_valid():
        copied = _copied(request, former, form)
        if copied is not None:
            return redirect("admin:booking_policyversion_change", copied.pk)
    context = {"form": form, "version": former}
    return _page(request, "admin/policy/copy.html", gettext("新しい規則を作る"), context)


def _copied(request: HttpRequest, former: PolicyVersion, form: CopyForm) -> PolicyVersion | None:
    try:
        version = copy_rules(former, now=timezone.now(), **form.cleaned_data)
    except ValidationError as error:
        form.add_error("in_force_on", ValidationError(error.messages))
        return None
    office = former.service.office.number
    record("policyversion.added", actor=request.user, subject=str(version.pk), office_number=office, request=request)
    messages.success(request, gettext("新しい規則を作りました。施行日までに、内容を変えて保存してください。"))
    return version


def _version(request: HttpRequest, pk: int) -> PolicyVersion:
    visible = PolicyVersion.objects.visible_to(request.user).select_related("service__office")
    return get_object_or_404(visible, pk=pk)


def _with_now(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent, with the present day and time where none was."""
    now = timezone.now().astimezone(JST)
    given = {name: data[name] for name in data if data[name]}
    return {"day": f"{now:%Y-%m-%d}", "time": f"{now:%H:%M}", **given}


def _page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **context})
