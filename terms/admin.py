from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from audit.permissions import is_national
from terms import markdown
from terms.admin_forms import TermsDocumentForm, TermsVersionForm
from terms.clock import today
from terms.differences import differences
from terms.models import Consent, TermsDocument, TermsVersion
from terms.permissions import can_write_any_terms, can_write_terms_of, managed_office_numbers
from terms.publishing import hints, obstacles_to_publishing, publish


class OfficeTermsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Open to the national administrator and, for the terms of their own office, to office managers."""

    office_number_lookup = "office_number"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        if is_national(request.user):
            return queryset
        return queryset.filter(**{f"{self.office_number_lookup}__in": managed_office_numbers(request.user)})

    def office_number_of(self, obj: Any) -> str:
        raise NotImplementedError

    def may_write(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return can_write_any_terms(request.user)
        return can_write_terms_of(request.user, office_number=self.office_number_of(obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_write(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_write(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(TermsDocument)
class TermsDocumentAdmin(OfficeTermsAdmin):
    form = TermsDocumentForm
    list_display = ["title", "kind", "office_number"]
    list_filter = ["kind"]
    search_fields = ["title", "slug", "office_number"]
    change_form_template = "terms/admin/document_change_form.html"

    def office_number_of(self, obj: TermsDocument) -> str:
        return obj.office_number

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"user": request.user})


@admin.register(TermsVersion)
class TermsVersionAdmin(OfficeTermsAdmin):
    form = TermsVersionForm
    office_number_lookup = "document__office_number"
    list_display = ["document", "number", "state", "made_on", "in_force_on", "needs_consent"]
    list_select_related = ["document"]
    list_filter = [("document", admin.RelatedOnlyFieldListFilter)]
    date_hierarchy = "in_force_on"
    change_form_template = "terms/admin/version_change_form.html"
    fields = [
        "document",
        "number",
        "made_on",
        "in_force_on",
        "needs_consent",
        "summary_of_changes",
        "body",
        "state",
        "difference",
        "sha256",
    ]
    readonly_fields = ["state", "difference", "sha256"]

    def office_number_of(self, obj: TermsVersion) -> str:
        return obj.document.office_number

    def has_change_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        return self.may_write(request, obj) and not (obj and obj.is_fixed(on=today(timezone.now())))

    def has_delete_permission(self, request: HttpRequest, obj: TermsVersion | None = None) -> bool:
        """Only drafts: what was announced once stays readable."""
        return obj is not None and obj.published_at is None and self.may_write(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: TermsVersion | None = None) -> list[str]:
        return [*self.readonly_fields, "document"] if obj else self.readonly_fields

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "document" and not is_national(request.user):
            own = managed_office_numbers(request.user)
            kwargs["queryset"] = TermsDocument.objects.filter(office_number__in=own)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?document=7` starts from the newest text of that document, with the next number."""
        initial: dict[str, Any] = {**super().get_changeform_initial_data(request), "made_on": today(timezone.now())}
        document = TermsDocument.objects.filter(pk=digits(request.GET.get("document", ""))).first()
        if document and can_write_terms_of(request.user, office_number=document.office_number):
            newest = document.versions.order_by("-number").first()
            initial |= {"number": document.next_number(), "body": newest.body if newest else ""}
        return initial

    def save_model(self, request: HttpRequest, obj: TermsVersion, form: ModelForm[Any], change: Any) -> None:
        super().save_model(request, obj, form, change)
        for hint in hints(obj.body):
            messages.warning(request, hint)

    @admin.display(description=gettext_lazy("状態"))
    def state(self, version: TermsVersion) -> str:
        if version.pk is None or version.published_at is None:
            return _("下書き")
        if not version.is_fixed(on=today(timezone.now())):
            return _("公開予定（施行日前）")
        current = TermsVersion.objects.in_force(today(timezone.now())).filter(document=version.document_id).first()
        return _("施行中") if current == version else _("旧版")

    @admin.display(description=gettext_lazy("前の版との違い"))
    def difference(self, version: TermsVersion) -> SafeString | str:
        previous = version.previous() if version.pk else None
        if previous is None:
            return _("前の版はありません。")
        lines = differences(previous.body, version.body)
        return render_to_string("terms/_differences.html", {"lines": lines}) if lines else _("本文は同じです。")

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<path:object_id>/preview/", guard(require_safe(self.preview)), name="terms_termsversion_preview"),
            path("<path:object_id>/publish/", guard(self.publish), name="terms_termsversion_publish"),
            *super().get_urls(),
        ]

    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The draft as the public will see it."""
        version = self.readable(request, object_id)
        context = {"version": version, "html": markdown.render(version.body)}
        return render(request, "terms/admin/preview.html", context)

    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once more, showing what will change; then announce."""
        version = self.readable(request, object_id)
        if not self.has_change_permission(request, version):
            raise PermissionDenied
        if request.method == "POST":
            return self.announce(request, version)
        context = {
            **self.admin_site.each_context(request),
            "title": _("公開の確認"),
            "version": version,
            "difference": self.difference(version),
            "obstacles": list(obstacles_to_publishing(version, today=today(timezone.now()))),
            "hints": list(hints(version.body)),
            "opts": self.opts,
        }
        return render(request, "terms/admin/publish.html", context)

    def announce(self, request: HttpRequest, version: TermsVersion) -> HttpResponse:
        try:
            publish(version, by=request.user, now=timezone.now(), request=request)
        except ValidationError as refusal:
            for message in refusal.messages:
                messages.error(request, message)
        else:
            messages.success(request, _("公開しました。施行日から、この版への同意をお願いします。"))
        return redirect(reverse("admin:terms_termsversion_change", args=[version.pk]))

    def readable(self, request: HttpRequest, object_id: str) -> TermsVersion:
        versions = self.get_queryset(request).select_related("document")
        return cast("TermsVersion", get_object_or_404(versions, pk=digits(unquote(object_id))))


@admin.register(Consent)
class ConsentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to read, for the national administrator; the database refuses any change anyway."""

    list_display = ["at", "person", "subject", "version", "language", "address"]
    list_select_related = ["person", "version__document"]
    list_filter = ["version__document", "language"]
    search_fields = ["person__email", "person__name", "subject"]
    date_hierarchy = "at"
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_national(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Consent | None = None) -> bool:
        return is_national(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Consent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Consent | None = None) -> bool:
        return False


def digits(text: str) -> int:
    """The key in an address; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
