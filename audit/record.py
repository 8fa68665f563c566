"""The one way to write the audit record."""

from typing import Any

from django.http import HttpRequest

from audit.models import AuditRecord


def record(
    action: str,
    *,
    actor: Any = None,
    subject: str = "",
    office_number: str = "",
    detail: dict[str, Any] | None = None,
    request: HttpRequest | None = None,
) -> AuditRecord:
    """Append one row; it commits or vanishes with the caller's transaction.

    `action` is a dotted verb such as `reservation.exported`. Never put free text of a person into `detail`.
    """
    if actor is not None and not actor.is_authenticated:
        actor = None
    return AuditRecord.objects.create(
        action=action,
        actor=actor,
        subject=subject,
        office_number=office_number,
        detail=detail or {},
        address=client_address(request),
        device=client_device(request),
    )


def client_address(request: HttpRequest | None) -> str | None:
    """The client's IP address; behind a trusted proxy the one that the proxy saw (ASVS 4.1.3)."""
    if request is None:
        return None
    from allauth.account.adapter import get_adapter  # noqa: PLC0415  allauth needs loaded apps

    return str(get_adapter(request).get_client_ip(request)) or None


def client_device(request: HttpRequest | None) -> str:
    return request.headers.get("User-Agent", "")[:300] if request else ""
