"""The Django admin of the staff: signed in through allauth, with the week calendar of one's own office in front."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, register_converter, reverse
from django.urls.converters import SlugConverter
from django.utils.translation import gettext_lazy as _

from booking.views import counselor, office

OWN_APPS = {"booking", "offices", "mailing", "accounts", "terms", "audit"}


class ActConverter(SlugConverter):
    """The act of staff on a reservation; anything else is no address at all."""

    regex = "|".join(counselor.ACT_BY_SLUG)


register_converter(ActConverter, "act")


class PortalAdminSite(AdminSite):
    site_header = _("オンライン職業相談 職員用")
    site_title = _("オンライン職業相談 職員用")
    index_title = _("週のカレンダー")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only our own models: the ones of allauth would show secrets of the second factor and let addresses slip by."""
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        own = [model for model in models if model._meta.app_label in OWN_APPS]  # noqa: SLF001  documented by Django
        super().register(own, admin_class, **options)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        pages = [
            path("day/", self.admin_view(office.day_reservations), name="day"),
            path("export/", self.admin_view(office.export_reservations), name="export"),
            path("reservations/<slug:number>/host/", self.admin_view(counselor.open_host_link), name="host"),
            path("reservations/<slug:number>/<act:slug>/", self.admin_view(counselor.act_on_reservation), name="act"),
        ]
        return [*pages, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return office.week_calendar(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Signing in, with its rate limits and second factor, is allauth's. Others are sent to the portal."""
        if request.user.is_authenticated:
            return redirect(reverse("admin:index") if self.has_permission(request) else reverse("booking:start"))
        following = request.GET.get("next") or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({'next': following})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if request.method != "POST":
            return redirect("account_logout")
        get_adapter(request).logout(request)
        return redirect("booking:start")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return redirect("account_change_password")
