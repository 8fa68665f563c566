from datetime import date, timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import User
from audit.models import AuditRecord
from hellowork.admin_site import PortalAdminSite
from offices.models import Office, Role, StaffMembership
from terms.admin import ConsentAdmin, TermsDocumentAdmin, TermsVersionAdmin
from terms.consent import give_consent
from terms.models import Consent, TermsDocument, TermsKind, TermsVersion
from terms.permissions import MANAGER
from terms.publishing import hints
from tests.factories import TermsDocumentFactory, UserFactory
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db
DOCUMENTS = TermsDocumentAdmin(TermsDocument, PortalAdminSite())
VERSIONS = TermsVersionAdmin(TermsVersion, PortalAdminSite())
CONSENTS = ConsentAdmin(Consent, PortalAdminSite())


def request_of(user: User, method: str = "get", **data: object) -> HttpRequest:
    """A request as it reaches a ModelAdmin, messages kept in a list."""
    request: HttpRequest = getattr(RequestFactory(), method)("/", data)
    request.user = user
    request._messages = Messages()  # type: ignore[attr-defined]
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    return request


class Messages(list[str]):
    def add(self, _level: int, message: str, _extra_tags: str) -> None:
        self.append(str(message))


def body_of(response: HttpResponse) -> str:
    return getattr(response, "rendered_content", None) or response.content.decode()


@pytest.fixture
def own(office: Office) -> TermsDocument:
    return TermsDocumentFactory.create(office_number=office.number, slug="own")


@pytest.fixture
def foreign(db: None) -> TermsDocument:
    return TermsDocumentFactory.create(office_number="90002", slug="foreign")


def test_an_office_manager_writes_only_the_terms_of_the_own_office(
    manager: User, own: TermsDocument, foreign: TermsDocument, portal: TermsDocument
) -> None:
    request = request_of(manager)

    assert list(DOCUMENTS.get_queryset(request)) == [own]
    assert DOCUMENTS.has_change_permission(request, own)
    assert not DOCUMENTS.has_change_permission(request, foreign)
    assert not DOCUMENTS.has_change_permission(request, portal)


def test_the_national_administrator_writes_all(
    national: User, own: TermsDocument, foreign: TermsDocument, portal: TermsDocument
) -> None:
    assert set(DOCUMENTS.get_queryset(request_of(national))) == {own, foreign, portal}
    assert DOCUMENTS.has_change_permission(request_of(national), portal)


@pytest.mark.parametrize("role", [Role.COUNSELOR, Role.RECEPTION])
def test_other_staff_do_not_see_terms_in_the_admin(office: Office, own: TermsDocument, role: Role) -> None:
    user = UserFactory.create(is_staff=True)
    StaffMembership.objects.create(user=user, office=office, role=role)

    assert not DOCUMENTS.has_module_permission(request_of(user))
    assert list(VERSIONS.get_queryset(request_of(user))) == []


def test_a_manager_who_left_writes_nothing(manager: User, own: TermsDocument) -> None:
    manager.staff_memberships.update(is_active=False)

    assert not DOCUMENTS.has_change_permission(request_of(manager), own)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        pytest.param({"office_number": ""}, "office_number", id="a national document"),
        pytest.param({"office_number": "90002"}, "office_number", id="a document of another office"),
        pytest.param({"kind": TermsKind.PORTAL}, "kind", id="the terms of the portal"),
        pytest.param({}, None, id="a document of the own office"),
    ],
)
def test_a_manager_cannot_create(manager: User, fields: dict[str, str], wrong: str | None) -> None:
    form_class = DOCUMENTS.get_form(request_of(manager))
    data = {"kind": TermsKind.SERVICE, "title": "規約", "slug": "new", "office_number": "90001", **fields}

    assert list(form_class(data).errors) == ([wrong] if wrong else [])


def test_a_manager_chooses_among_the_documents_of_the_own_office(
    manager: User, own: TermsDocument, foreign: TermsDocument
) -> None:
    form = VERSIONS.get_form(request_of(manager))()

    assert list(form.fields["document"].queryset) == [own]


def test_a_new_version_starts_from_the_newest_text_with_the_next_number(
    national: User, portal: TermsDocument, version_of: Publish
) -> None:
    version_of(portal, 1, body="一")
    version_of(portal, 2, body="二")

    initial = VERSIONS.get_changeform_initial_data(request_of(national, document=portal.pk))

    assert (initial["number"], initial["body"]) == (3, "二")


def test_a_manager_cannot_start_from_the_draft_of_another_office(
    manager: User, foreign: TermsDocument, version_of: Publish
) -> None:
    version_of(foreign, body="よその下書き", published_at=None)

    assert "body" not in VERSIONS.get_changeform_initial_data(request_of(manager, document=foreign.pk))


@pytest.mark.parametrize(
    ("days", "may_change"), [pytest.param(0, False, id="in force today"), pytest.param(1, True, id="in force tomorrow")]
)
def test_a_version_is_read_only_once_in_force(
    national: User, portal: TermsDocument, version_of: Publish, today: date, days: int, may_change: bool
) -> None:
    version = version_of(portal, in_force_on=today + timedelta(days=days))

    assert VERSIONS.has_change_permission(request_of(national), version) is may_change
    assert not VERSIONS.has_delete_permission(request_of(national), version)


def test_a_draft_may_be_thrown_away(national: User, portal: TermsDocument, version_of: Publish) -> None:
    assert VERSIONS.has_delete_permission(request_of(national), version_of(portal, published_at=None))


def test_publishing_schedules_the_version_and_is_recorded(
    manager: User, own: TermsDocument, version_of: Publish, today: date
) -> None:
    draft = version_of(own, in_force_on=today + timedelta(days=7), published_at=None)

    answer = VERSIONS.publish(request_of(manager, "post"), str(draft.pk))

    draft.refresh_from_db()
    record = AuditRecord.objects.get()
    assert answer.status_code == 302
    assert draft.published_at is not None
    assert (record.action, record.actor, record.office_number) == ("terms.published", manager, "90001")
    assert record.detail == {"sha256": draft.sha256, "in_force_on": draft.in_force_on.isoformat()}


def test_asking_to_publish_changes_nothing_yet(
    national: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    draft = version_of(portal, in_force_on=today, published_at=None)

    page = body_of(VERSIONS.publish(request_of(national), str(draft.pk)))

    draft.refresh_from_db()
    assert "内容を変えることも消すこともできません" in page
    assert draft.published_at is None


@pytest.mark.parametrize(
    ("days", "is_published"), [pytest.param(-1, False, id="yesterday"), pytest.param(0, True, id="today")]
)
def test_a_version_comes_into_force_today_at_the_earliest(
    national: User, portal: TermsDocument, version_of: Publish, today: date, days: int, is_published: bool
) -> None:
    draft = version_of(portal, in_force_on=today + timedelta(days=days), published_at=None)

    VERSIONS.publish(request_of(national, "post"), str(draft.pk))

    draft.refresh_from_db()
    assert (draft.published_at is not None) is is_published


@pytest.mark.requirement("X-02")
def test_a_change_is_not_published_without_saying_what_changed(
    national: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal)
    draft = version_of(portal, 2, in_force_on=today, published_at=None, summary_of_changes=" ")
    request = request_of(national, "post")

    VERSIONS.publish(request, str(draft.pk))

    draft.refresh_from_db()
    assert draft.published_at is None
    assert "変更点の要約を入力してください" in request._messages[0]  # type: ignore[attr-defined]


def test_a_version_cannot_overtake_the_one_before(
    national: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal, 1, in_force_on=today + timedelta(days=9))
    draft = version_of(portal, 2, in_force_on=today, published_at=None, summary_of_changes="直しました。")

    VERSIONS.publish(request_of(national, "post"), str(draft.pk))

    draft.refresh_from_db()
    assert draft.published_at is None


def test_publishing_the_terms_of_another_office_finds_nothing(
    manager: User, foreign: TermsDocument, version_of: Publish, today: date
) -> None:
    from django.http import Http404  # noqa: PLC0415

    draft = version_of(foreign, in_force_on=today, published_at=None)

    with pytest.raises(Http404):
        VERSIONS.publish(request_of(manager, "post"), str(draft.pk))
    with pytest.raises(Http404):
        VERSIONS.preview(request_of(manager), str(draft.pk))


def test_a_scheduled_version_cannot_be_moved_into_the_past(
    national: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version = version_of(portal, in_force_on=today + timedelta(days=3))
    form_class = VERSIONS.get_form(request_of(national), version, change=True)
    data = {"number": 1, "made_on": "2025-01-01", "in_force_on": str(today - timedelta(days=1)), "body": "文"}

    assert list(form_class(data, instance=version).errors) == ["in_force_on"]


def test_the_preview_shows_the_draft_as_the_public_will_see_it(
    national: User, portal: TermsDocument, version_of: Publish
) -> None:
    draft = version_of(portal, published_at=None, body="# 第1条（見本）")

    page = body_of(VERSIONS.preview(request_of(national), str(draft.pk)))

    assert "<h2>第1条（見本）</h2>" in page


def test_the_difference_to_the_version_before_is_shown(portal: TermsDocument, version_of: Publish, today: date) -> None:
    version_of(portal, 1, body="前の文")
    draft = version_of(portal, 2, body="次の文", in_force_on=today, published_at=None)

    assert "<del>前の文</del>" in VERSIONS.difference(draft)
    assert "<ins>次の文</ins>" in VERSIONS.difference(draft)


@pytest.mark.requirement("X-05")
@pytest.mark.parametrize(
    ("body", "count"),
    [("職業安定法第5条の4に基づき", 1), ("職業安定法第５条の４", 1), ("職業安定法第5条の5に基づき", 0)],
)
def test_the_outdated_article_is_pointed_out(body: str, count: int) -> None:
    assert len(list(hints(body))) == count


@pytest.mark.parametrize(("who", "may_read"), [("national", True), ("manager", False)])
def test_consents_are_read_by_the_national_administrator_alone(
    request: pytest.FixtureRequest, who: str, may_read: bool
) -> None:
    asked = request_of(request.getfixturevalue(who))

    assert CONSENTS.has_view_permission(asked) is may_read
    assert not CONSENTS.has_add_permission(asked)
    assert not CONSENTS.has_change_permission(asked)
    assert not CONSENTS.has_delete_permission(asked)


def test_the_pages_of_the_admin_open(
    national: User, person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version = version_of(portal)
    draft = version_of(portal, 2, in_force_on=today, published_at=None)
    give_consent(person, versions=[version], language="ja", request=None)
    request = request_of(national)
    request.path = reverse("admin:index")

    pages = [
        DOCUMENTS.changelist_view(request),
        DOCUMENTS.change_view(request, str(portal.pk)),
        VERSIONS.changelist_view(request),
        VERSIONS.add_view(request),
        VERSIONS.change_view(request, str(version.pk)),
        VERSIONS.change_view(request, str(draft.pk)),
        CONSENTS.changelist_view(request),
    ]

    assert all(page.render().status_code == 200 for page in pages)


def test_the_manager_who_writes_terms_is_the_manager_of_the_office() -> None:
    assert MANAGER == Role.MANAGER
