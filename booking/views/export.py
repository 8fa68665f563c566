"""The export of reservations: what is chosen in the form, and the file."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from audit.record import record
from booking.agenda import DAYS_OF_A_WEEK, monday_of
from booking.clock import EARLIEST, LATEST, day_of
from booking.exports import EXPORTABLE, ExportFilter, columns_for, csv_of
from booking.models import Counselor
from booking.permissions import can_export, can_see_topics_of
from offices.models import Office


def day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )


class ExportForm(forms.Form):
    first_day = day_field(gettext_lazy("最初の日"))
    last_day = day_field(gettext_lazy("最後の日"))
    office = forms.ModelChoiceField(
        Office.objects.none(), label=gettext_lazy("安定所"), required=False, empty_label=gettext_lazy("すべて")
    )
    counselor = forms.ModelChoiceField(
        Counselor.objects.none(), label=gettext_lazy("相談員"), required=False, empty_label=gettext_lazy("全員")
    )
    statuses = forms.MultipleChoiceField(
        label=gettext_lazy("状態"),
        choices=EXPORTABLE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("選ばないときは、すべての状態を書き出します。"),
    )

    def __init__(self, *args: Any, user: Any, offices: list[Office], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offices = offices
        self.fields["office"].queryset = Office.objects.filter(pk__in=[office.pk for office in offices])  # type: ignore[attr-defined]
        self.fields["counselor"].queryset = Counselor.objects.visible_to(user).filter(office__in=offices)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", _("最後の日は、最初の日以後にしてください。"))
        return cleaned

    @property
    def choice(self) -> ExportFilter:
        office = self.cleaned_data["office"]
        return ExportFilter(
            first_day=self.cleaned_data["first_day"],
            last_day=self.cleaned_data["last_day"],
            offices=[office] if office else self.offices,
            counselor=self.cleaned_data["counselor"],
            statuses=self.cleaned_data["statuses"],
        )


@require_http_methods(["GET", "POST"])
def export_reservations(request: HttpRequest) -> HttpResponseBase:
    """GET shows the form, POST streams the file; the audit record is written before the first byte."""
    offices = [office for office in Office.objects.of_staff(request.user) if can_export(request.user, office)]
    if not offices:
        raise PermissionDenied
    today = day_of(timezone.now())
    initial = {
        "first_day": monday_of(today),
        "last_day": date.fromordinal(monday_of(today).toordinal() + DAYS_OF_A_WEEK - 1),
    }
    form = ExportForm(request.POST or None, user=request.user, offices=offices, initial=initial)
    if request.method == "POST" and form.is_valid():
        return exported(request, form.choice)
    context = {**admin.site.each_context(request), "title": _("予約の書き出し"), "form": form}
    return TemplateResponse(request, "admin/export.html", context)


def exported(request: HttpRequest, choice: ExportFilter) -> StreamingHttpResponse:
    for office in choice.offices:
        record(
            "reservation.exported",
            actor=request.user,
            subject=f"{choice.first_day.isoformat()}/{choice.last_day.isoformat()}",
            office_number=office.number,
            detail=choice.as_detail(),
            request=request,
        )
    topic_offices = [office for office in choice.offices if can_see_topics_of(request.user, office.pk)]
    pieces = csv_of(choice.rows(request.user), columns=columns_for(topic_offices))
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = f"reservations_{choice.first_day:%Y%m%d}-{choice.last_day:%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
