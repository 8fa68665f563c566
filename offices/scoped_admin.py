"""The admin of everything that belongs to an office: what is not one's own does not exist."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from audit.permissions import is_national
from audit.record import record
from offices.models import Role
from offices.roles import has_role_somewhere, roles_of


class ScopedAdmin(admin.ModelAdmin[Any]):
    """Rows by `visible_to`, choices by `choices_for`, changes by `may_change`; every write leaves an audit record."""

    show_full_result_count = False

    def may_change(self, user: Any, obj: Any) -> bool:
        """May this person change (or delete) that row?"""
        raise NotImplementedError

    def may_add(self, user: Any) -> bool:
        return has_role_somewhere(user, Role.MANAGER)

    def may_delete(self, user: Any, obj: Any) -> bool:
        return self.may_change(user, obj)

    def choices_for(self, user: Any, model: type[Model]) -> QuerySet[Any] | None:
        """What a foreign key to `model` may point at; None leaves all."""
        visible = getattr(model._default_manager.all(), "visible_to", None)  # noqa: SLF001  documented by Django
        return visible(user) if visible else None

    def office_number_of(self, obj: Any) -> str:
        office = getattr(obj, "office", None)
        return office.number if office else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).visible_to(request.user)  # type: ignore[attr-defined, no-any-return]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers as a filter. Django lets an address ask about every field of the row:

        `?topic__contains=…` told the reception by its number of rows what 相談内容 says (ASVS 8.2.3).
        """
        filters = [item[0] if isinstance(item, tuple) else item for item in self.get_list_filter(request)]
        offered = {str(name).partition("__")[0] for name in [*filters, self.date_hierarchy]}
        return lookup.partition("__")[0] in offered and super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, **self._limited(db_field, request, kwargs))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, **self._limited(db_field, request, kwargs))

    def _limited(self, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> dict[str, Any]:
        choices = self.choices_for(request.user, db_field.remote_field.model)
        return kwargs if choices is None else {**kwargs, "queryset": choices}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the small icons that open the related object in a window."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        for permission in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if hasattr(widget, permission):
                setattr(widget, permission, False)
        return field

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_staff_role(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_staff_role(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return has_staff_role(request.user) and self.may_add(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or self.may_change(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or self.may_delete(request.user, obj))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._audit(request, obj, "added")
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._audit(request, obj, "changed")
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            self._audit(request, obj, "deleted")
        return super().log_deletions(request, queryset)

    def _audit(self, request: HttpRequest, obj: Any, verb: str) -> None:
        record(
            f"{self.opts.model_name}.{verb}",
            actor=request.user,
            subject=str(obj.pk),
            office_number=self.office_number_of(obj),
            request=request,
        )


class NationalAdmin(ScopedAdmin):
    """Only the national administrator; nobody deletes, rows are switched off."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return admin.ModelAdmin.get_queryset(self, request)

    def may_add(self, user: Any) -> bool:
        return is_national(user)

    def may_change(self, user: Any, obj: Any) -> bool:
        return is_national(user)

    def may_delete(self, user: Any, obj: Any) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_national(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_national(request.user)


def has_staff_role(user: Any) -> bool:
    """Works at some office, or is the national administrator."""
    return is_national(user) or bool(roles_of(user))
