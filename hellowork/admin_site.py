"""The Django admin of the staff: signed in through allauth, with the week calendar of one's own office in front."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, URLResolver, path, register_converter, reverse
from django.urls.converters import SlugConverter
from django.utils.translation import gettext_lazy as _

from booking.acts import ACT_BY_SLUG
from booking.views import (
    consequences,
    counselor,
    demand,
    entry,
    export,
    links,
    moving,
    office,
    requests,
    rules,
    undelivered,
)

OWN_APPS = {"booking", "offices", "mailing", "accounts", "terms", "audit"}


class ActConverter(SlugConverter):
    """The act of staff on a reservation; anything else is no address at all."""

    regex = "|".join(ACT_BY_SLUG)


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
            path("decisions/", self.admin_view(consequences.decisions), name="decisions"),
            path(
                "reservations/<slug:number>/consequence/", self.admin_view(consequences.consequence), name="consequence"
            ),
            path(
                "reservations/<slug:number>/restrict/", self.admin_view(consequences.restrict_person), name="restrict"
            ),
            path("day/", self.admin_view(office.day_reservations), name="day"),
            path("requests/", self.admin_view(requests.request_list), name="requests"),
            path("requests/<slug:number>/", self.admin_view(requests.request_page), name="request"),
            path("requests/<slug:number>/accept/", self.admin_view(requests.accept), name="accept_request"),
            path("requests/<slug:number>/propose/", self.admin_view(requests.make_proposal), name="propose"),
            path("requests/<slug:number>/refuse/", self.admin_view(requests.refuse), name="refuse_request"),
            path("undelivered/", self.admin_view(undelivered.undelivered_list), name="undelivered"),
            path("undelivered/<uuid:cause>/again/", self.admin_view(undelivered.send_again), name="undelivered_again"),
            path("undelivered/<uuid:cause>/told/", self.admin_view(undelivered.tell), name="undelivered_told"),
            path("undelivered/<uuid:cause>/address/", self.admin_view(undelivered.address), name="undelivered_address"),
            path("demand/", self.admin_view(demand.unmet_demand), name="demand"),
            path("enter/", self.admin_view(entry.enter_reservation), name="enter"),
            path("reservations/<slug:number>/entered/", self.admin_view(entry.entered), name="entered"),
            path("export/", self.admin_view(export.export_reservations), name="export"),
            path("rules/<int:pk>/difference/", self.admin_view(rules.version_difference), name="rules_difference"),
            path("rules/<int:pk>/copy/", self.admin_view(rules.copy_version), name="rules_copy"),
            path("time-machine/", self.admin_view(rules.time_machine), name="time_machine"),
            path("refusals/", self.admin_view(rules.refusal_codes), name="refusals"),
            path("r/<int:content_type_id>/<path:object_id>/", self.admin_view(self.view_on_site), name="view_on_site"),
            path("links/", self.admin_view(links.missing_links), name="links"),
            path("reservations/<slug:number>/link/", self.admin_view(links.link_of_reservation), name="link"),
            path("reservations/<slug:number>/host/", self.admin_view(counselor.open_host_link), name="host"),
            path("reservations/<slug:number>/move/", self.admin_view(moving.move), name="move"),
            path("reservations/<slug:number>/<act:slug>/", self.admin_view(counselor.act_on_reservation), name="act"),
        ]
        return [*pages, *(url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site")]

    def view_on_site(self, request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
        """The page of a row that exists for this person; Django's own would tell the address of any row by its key."""
        content_type = get_object_or_404(ContentType, pk=content_type_id)
        model = content_type.model_class()
        if model is None or not self.is_registered(model) or not hasattr(model, "get_absolute_url"):
            raise Http404
        model_admin = self.get_model_admin(model)
        found = model_admin.get_object(request, object_id)
        if found is None or not model_admin.has_view_permission(request, found):
            raise Http404
        return redirect(found)

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
