"""Every address of the portal, and the people who may knock at it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from audit.models import AuditRecord
from booking.enums import Language, MeetingState
from booking.models import (
    Absence,
    Attendance,
    ConsequenceRule,
    InterpreterHours,
    MeetingLink,
    OfficeText,
    OpeningWindow,
    Recognition,
    Restriction,
    SessionRequest,
    WebhookDelivery,
)
from mailing.models import OutgoingMail
from offices.models import Announcement, Bureau, ClosedDay, Role
from terms.models import Consent
from tests.factories import (
    NOW,
    MembershipFactory,
    SeekerFactory,
    TermsVersionFactory,
    UserFactory,
    jst,
)
from tests.staff.conftest import World
from tests.webhooks.conftest import open_meeting_of

ROLES = [
    "anonymous",
    "seeker",
    "other_seeker",
    "counselor",
    "reception",
    "manager",
    "foreigner",
    "national",
    "no_second_factor",
]
"""`foreigner` is the manager of another office; `no_second_factor` a manager of this one who has set none up."""


def routes() -> list[str]:
    """Every route of the resolver, as it is written in the URL configuration."""
    return list(_walk(get_resolver(), "/"))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _walk(entry, route)


@dataclass
class Portal:
    world: World
    objects: dict[str, Any]
    """One row of the office for each model of the admin, by its place in the address."""
    people: dict[str, User | None]

    def address(self, route: str) -> str:
        """An address that fits the route and names things of the office."""
        if "^" in route or "(?P" in route:
            return REGULAR_EXPRESSIONS[route]
        return re.sub(r"<(\w+):(\w+)>", lambda match: self._argument(route, match), route)

    def _argument(self, route: str, match: re.Match[str]) -> str:
        name = match[2]
        if name == "object_id" and route.startswith("/admin/r/"):
            return "1"
        if name == "object_id":
            return str(self.objects["/".join(route.split("/")[2:4])].pk)
        if name == "number" and "requests/" in route:
            return str(self.objects["booking/sessionrequest"].number)
        if name == "pk" and route.startswith("/admin/rules/"):
            return str(self.objects["booking/policyversion"].pk)
        if name == "number" and "reservations/" in route:
            return self.world.reservation.number
        if name == "number" and route.startswith("/offices/"):
            return self.world.office.number
        if name == "pk" and route.startswith("/services/"):
            return str(self.world.reservation.service.pk)
        if name == "pk" and route.startswith("/announcements/"):
            return str(self.objects["offices/announcement"].pk)
        fixed = {
            "act": "cancel",
            "cause": str(self.world.reservation.uuid),
            "token": "unknown",
            "slug": self.objects["terms/termsdocument"].slug,
            "number": "1",
            "pk": "1",
            "content_type_id": "1",
        }
        return fixed["act" if match[1] == "act" else name]

    def status(self, method: str, route: str, role: str) -> int:
        """What the person gets; whatever the request changed is undone."""
        person = self.people[role]
        with transaction.atomic():
            client = Client(raise_request_exception=False)
            if person is not None:
                sign_in(client, person, with_second_factor=person.is_staff and role != "no_second_factor")
            response = client.generic(method, self.address(route))
            transaction.set_rollback(True)
        return response.status_code


REGULAR_EXPRESSIONS = {
    "/accounts/^confirm-email/(?P<key>[-:\\w]+)/$": "/accounts/confirm-email/unknown/",
    "/accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "/accounts/password/reset/key/1-unknown/",
    "/admin/^(?P<app_label>booking|offices|mailing|accounts|terms|audit)/$": "/admin/booking/",
    "/admin/(?P<url>.*)$": "/admin/nothing-here/",
}


def sign_in(client: Client, person: User, *, with_second_factor: bool) -> None:
    client.force_login(person)
    if with_second_factor:
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, person, method="mfa", type="totp")
        request.session.save()


def portal_of(world: World) -> Portal:
    unprotected = UserFactory(is_staff=True)
    MembershipFactory(user=unprotected, office=world.office, role=Role.MANAGER)
    seeker = world.reservation.seeker
    return Portal(
        world=world,
        objects=objects_of(world),
        people={
            "anonymous": None,
            "seeker": seeker,
            "other_seeker": SeekerFactory(),
            "counselor": world.counselor,
            "reception": world.reception,
            "manager": world.manager,
            "foreigner": world.foreigner,
            "national": world.national,
            "no_second_factor": unprotected,
        },
    )


def objects_of(world: World) -> dict[str, Any]:
    version = TermsVersionFactory(document=world.reservation.service.terms)
    return {
        "booking/reservation": world.reservation,
        "booking/attendance": Attendance.objects.create(
            meeting=open_meeting_of(world.reservation, state=MeetingState.CLOSED),
            instance="x",
            participant="x",
            joined_at=NOW,
        ),
        "booking/webhookdelivery": WebhookDelivery.objects.create(
            digest="x", event="meeting.started", sent_at=NOW, received_at=NOW
        ),
        "booking/counselor": world.hanako,
        "booking/meetinghost": world.hanako.meeting_host,
        "booking/service": world.reservation.service,
        "booking/openingwindow": OpeningWindow.objects.create(
            counselor=world.hanako, begins_on=date(2026, 6, 6), ends_on=date(2026, 6, 6), opens=time(9), closes=time(12)
        ),
        "booking/restriction": Restriction.objects.create(
            office=world.office,
            seeker=SeekerFactory(),
            ground="hindering",
            text="x",
            decided_by=world.manager,
            decided_at=NOW,
        ),
        "booking/recognition": Recognition.objects.create(
            office=world.office, seeker=SeekerFactory(), granted_by=world.manager, granted_at=NOW
        ),
        "booking/consequencerule": ConsequenceRule.objects.create(office=world.office, in_force_on=date(2026, 7, 1)),
        "booking/officetext": OfficeText.objects.create(office=world.office, place="contact", text="x"),
        "booking/absence": Absence.objects.create(
            counselor=world.hanako, starts_at=jst(6, 5, 9), ends_at=jst(6, 5, 12)
        ),
        "booking/policyversion": world.reservation.service.policy_versions.get(),
        "booking/interpreterhours": InterpreterHours.objects.create(
            office=world.office, language=Language.VIETNAMESE, weekday=0, opens=time(9), closes=time(12)
        ),
        "booking/meetinglink": MeetingLink.objects.create(
            office=world.office, name="相談室1", url="https://teleoffice.example/room/1"
        ),
        "booking/sessionrequest": SessionRequest.objects.create(
            office=world.office,
            service=world.reservation.service,
            seeker=world.reservation.seeker,
            wishes=[jst(6, 3, 10)],
            requested_at=NOW,
        ),
        "offices/bureau": Bureau.objects.create(code="13", name="見本労働局"),
        "offices/office": world.office,
        "offices/announcement": Announcement.objects.create(office=world.office, title="お知らせ", body="x"),
        "offices/closedday": ClosedDay.objects.create(office=world.office, day=date(2026, 8, 10)),
        "offices/staffmembership": world.manager.staff_memberships.get(),
        "mailing/outgoingmail": OutgoingMail.objects.create(
            kind="x", cause="x", to="a@mail.example", state="failed", due_at=NOW
        ),
        "accounts/user": world.reservation.seeker,
        "terms/termsdocument": version.document,
        "terms/termsversion": version,
        "terms/consent": Consent.objects.create(person=world.reservation.seeker, version=version, language="ja"),
        "audit/auditrecord": AuditRecord.objects.create(action="x", office_number=world.office.number),
    }
