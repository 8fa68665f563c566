from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from booking.admin.policy import state_of
from booking.flows.rules import start_rules
from booking.models import Service
from booking.permissions import can_manage_office
from booking.refusals import refusal
from offices.enums import MeetingSoftware
from offices.models import Office
from offices.roles import managed_offices
from offices.scoped_admin import ScopedAdmin
from terms.models import TermsDocument


@admin.register(Service)
class ServiceAdmin(ScopedAdmin):
    """The manager of the office decides; the others read. A service is switched off, never deleted."""

    list_display = ["name", "office", "is_active"]
    list_filter = ["is_active", ("office", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["office"]
    search_fields = ["name"]
    readonly_fields = ["rules"]
    fieldsets = [
        (None, {"fields": ["office", "name", "description", "preparation", "position", "is_active", "rules"]}),
        (
            _("参加のしかた"),
            {
                "fields": ["meeting_software", "software_name", "phone_caller", "phone_number"],
                "description": _(
                    "Zoomの会議は自動で作られます。会議のURL（TeleOfficeなど）は、職員が予約ごとに登録するか、「会議のURL」に共用のものを登録しておきます。"
                    "電話では、だれがどの番号にかけるかを、利用者のページとメールでお知らせします。変えても、すでに入っている予約の参加のしかたはそのままです。"
                ),
            },
        ),
        (_("規約"), {"fields": ["terms", "software_terms"]}),
    ]

    @admin.display(description=_("規則"))
    def rules(self, obj: Service) -> str:
        """The versions: coming ones first. A new service has its first one when it is saved."""
        if obj.pk is None:
            return gettext("保存すると、全国の標準の規則が明日から始まります。今日のうちに変えられます。")
        versions = [(version, state_of(version)) for version in reversed(obj.versions)]
        return render_to_string("admin/policy/versions.html", {"service": obj, "versions": versions})

    def save_model(self, request: HttpRequest, obj: Service, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if obj.software == MeetingSoftware.LINK and not settings.MEETING_LINK_HOSTS:
            messages.warning(request, refusal("no_link_hosts").message)
        if not obj.policy_versions.exists():
            version = start_rules(obj, now=timezone.now())
            told = gettext(
                '全国の標準の規則が{day}から始まります。受付時間帯・予約の期間・取消などを、<a href="{url}">今日のうちに変えられます</a>。'
            )
            url = reverse("admin:booking_policyversion_change", args=[version.pk])
            messages.info(request, format_html(told, day=date_format(version.in_force_on), url=url))

    def may_change(self, user: Any, obj: Service) -> bool:
        return can_manage_office(user, obj.office)

    def may_delete(self, user: Any, obj: Service) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        if model is TermsDocument:
            own = managed_offices(user).values("number")
            return TermsDocument.objects.filter(Q(office_number="") | Q(office_number__in=own))
        return managed_offices(user) if model is Office else super().choices_for(user, model)
