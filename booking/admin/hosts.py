"""The Zoom users that open meetings: of an office by its manager, of a bureau by the national administrator."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.validators import MaxValueValidator
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.permissions import is_national
from booking.clock import JST
from booking.enums import OCCUPYING
from booking.hosts import LONGEST_BUFFER, services_without_host
from booking.models import MeetingHost, Reservation
from booking.models.host import MOST_CALLS_A_DAY, day_of_zoom
from booking.models.reservation import ReservationQuerySet
from booking.permissions import can_manage_office
from offices.models import Bureau, Office
from offices.roles import managed_offices
from offices.scoped_admin import ScopedAdmin

NEXT_USES = 10


class MeetingHostForm(forms.ModelForm[MeetingHost]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "address" in self.fields:
            self.fields["address"] = forms.EmailField(
                label=self.fields["address"].label,
                help_text=self.fields["address"].help_text,
                max_length=254,
                error_messages={"unique": _("このZoomのユーザーは、すでに登録されています。")},
            )
        if "buffer_minutes" in self.fields:
            most = int(LONGEST_BUFFER.total_seconds() // 60)
            self.fields["buffer_minutes"].validators.append(MaxValueValidator(most))

    def clean_address(self) -> str:
        """Zoom does not tell capitals apart; the address is the host's identity."""
        return str(self.cleaned_data["address"]).lower()

    def clean(self) -> dict[str, Any]:
        """A counselor's own host belongs to the counselor's office, or to its bureau."""
        cleaned = super().clean() or self.cleaned_data
        counselor = getattr(self.instance, "counselor", None) if not self.instance._state.adding else None  # noqa: SLF001
        if counselor is None or not {"office", "bureau"} & cleaned.keys():
            return cleaned
        office, bureau = cleaned.get("office"), cleaned.get("bureau")
        if office != counselor.office and (bureau is None or bureau != counselor.office.bureau):
            text = _("%(counselor)sさんのZoomのユーザーです。先に相談員の設定を変えてください。")
            self.add_error("office", text % {"counselor": counselor.name})
        return cleaned


@admin.register(MeetingHost)
class MeetingHostAdmin(ScopedAdmin):
    """The address never changes: it is the host's identity. One that a session ever used is switched off, not deleted."""

    form = MeetingHostForm
    list_display = ["address", "used_by", "is_active", "uses_to_come", "calls", "buffer", "whose"]
    list_filter = ["is_active", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office", "bureau", "counselor"]
    search_fields = ["address"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        now = timezone.now()
        to_come = Q(reservations__status__in=OCCUPYING, reservations__ends_at__gt=now)
        hosts = super().get_queryset(request).with_calls(day_of_zoom(now))  # type: ignore[attr-defined]
        return hosts.annotate(to_come=Count("reservations", filter=to_come))  # type: ignore[no-any-return]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        whose = ["office", "bureau"] if is_national(request.user) or (obj and obj.bureau_id) else ["office"]
        facts = ["used_by", "calls_today", "next_uses"] if obj else []
        return ["address", *whose, "buffer_minutes", "is_active", *facts]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["address", "used_by", "calls_today", "next_uses"] if obj else []

    def may_change(self, user: Any, obj: MeetingHost) -> bool:
        return is_national(user) if obj.office is None else can_manage_office(user, obj.office)

    def may_delete(self, user: Any, obj: MeetingHost) -> bool:
        return self.may_change(user, obj) and not hasattr(obj, "counselor") and not obj.reservations.exists()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting several at once would ask for each whether a session ever used it."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        if model is Office:
            return managed_offices(user)
        if model is Bureau:
            return Bureau.objects.all() if is_national(user) else Bureau.objects.none()
        return super().choices_for(user, model)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only the national administrator leaves the office empty."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field and db_field.name == "office" and not is_national(request.user):
            field.required = True
        return field

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        warn_of_missing_hosts(request)
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: MeetingHost, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        count = uses_to_come(obj).count() if change and not obj.is_active else 0
        if count:
            text = gettext(
                "Zoomのユーザー%(host)sを使うこれからの相談が%(count)d件あります。会議がまだ作成されていないものは、空いているほかのユーザーに移します。作成済みの会議は、このユーザーのままです。Zoomのユーザーをなくすときは、先にその予約の相談員か日時を変えてください。"
            )
            messages.warning(request, text % {"host": obj.address, "count": count})

    @admin.display(description=_("安定所・労働局"))
    def whose(self, row: MeetingHost) -> str:
        return str(row.office or row.bureau)

    @admin.display(description=_("使う人"))
    def used_by(self, row: MeetingHost) -> str:
        return row.counselor.name if hasattr(row, "counselor") else gettext("共用")

    @admin.display(description=_("空ける時間"), ordering="buffer_minutes")
    def buffer(self, row: MeetingHost) -> str:
        return gettext("%(count)d分") % {"count": row.buffer_minutes}

    @admin.display(description=_("今日の回数"), ordering="calls_today")
    def calls(self, row: Any) -> str:
        return f"{row.calls_today}/{MOST_CALLS_A_DAY}"

    @admin.display(description=_("今日の作成・変更"))
    def calls_today(self, row: Any) -> str:
        return gettext("%(count)d回（上限%(most)d回、9:00に0に戻ります）") % {
            "count": row.calls_today,
            "most": MOST_CALLS_A_DAY,
        }

    @admin.display(description=_("これからの相談"))
    def uses_to_come(self, row: Any) -> str:
        return gettext("%(count)d件") % {"count": row.to_come}

    @admin.display(description=_("これからの相談"))
    def next_uses(self, row: MeetingHost) -> str:
        """When and where; nothing about the person."""
        uses = uses_to_come(row).select_related("office").order_by("starts_at")[:NEXT_USES]
        times = [(date_format(use.starts_at.astimezone(JST), "DATETIME_FORMAT"), use.office.name) for use in uses]
        return format_html_join("", "<div>{} {}</div>", times) if times else gettext("ありません")


def uses_to_come(host: MeetingHost) -> ReservationQuerySet:
    now = timezone.now()
    return Reservation.objects.occupying(now).filter(meeting_host=host, ends_at__gt=now)


def warn_of_missing_hosts(request: HttpRequest) -> None:
    """A counselor without a host and an empty pool: nobody could book, and nothing else would say why."""
    if request.method != "GET":
        return
    for service in services_without_host(managed_offices(request.user)):
        text = gettext(
            "%(office)sの「%(service)s」には、本人のZoomのユーザーがない相談員がいますが、共用のZoomのユーザーがありません。この相談員の時間は予約できません。共用のZoomのユーザーを加えるか、相談員に本人のものを設定してください。"
        )
        messages.warning(request, text % {"office": service.office.name, "service": service.name})
