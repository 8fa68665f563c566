from collections.abc import Callable

from celery import current_app
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import add_never_cache_headers

GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """/healthz answers while the process lives; /readyz only when database, cache, broker and migrations are there.

    A middleware and not a view, so that a probe needs neither a session nor the right host name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    checks = {"database": _database, "migrations": _migrations, "cache": _cache, "broker": _broker}
    failed = {}
    for name, check in checks.items():
        try:
            check()
        except Exception as error:  # noqa: BLE001  the answer of a probe is which part failed, whatever the reason
            failed[name] = type(error).__name__
    return JsonResponse({"ready": not failed, "failed": failed}, status=503 if failed else 200)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations are missing")


def _cache() -> None:
    cache.set("readyz", "1", 5)


def _broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=2)


class RefuseUnreadableMiddleware:
    """400 for what no browser sends and what would fail deep inside, whatever the view.

    No page of ours has NUL in its address, and PostgreSQL refuses it in a text; texts in forms are judged by their
    fields. Python cannot read a form in every character set that a header may name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in the address")
        if (request.content_params or {}).get("charset", "utf-8").lower() != "utf-8":
            raise SuspiciousOperation("a form that is not UTF-8")
        return self.get_response(request)


class PersonalPagesMiddleware:
    """Pages of a signed-in person are never stored by a browser or a proxy (ASVS 14.3.2)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
