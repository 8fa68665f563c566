import pytest
from django.test import RequestFactory
from django.urls import reverse

from audit.admin import AuditRecordAdmin, OfficeNumberFilter
from audit.models import AuditRecord
from audit.record import record
from hellowork.admin_site import PortalAdminSite
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def record_admin() -> AuditRecordAdmin:
    return AuditRecordAdmin(AuditRecord, PortalAdminSite())


@pytest.mark.requirement("J-25", "K-27", "H-30", "S-39")
@pytest.mark.parametrize(
    ("flags", "may_read"),
    [
        pytest.param({"is_staff": True, "is_superuser": True}, True, id="national administrator"),
        pytest.param({"is_staff": True}, False, id="other staff"),
        pytest.param({}, False, id="seeker"),
        pytest.param({"is_staff": True, "is_superuser": True, "is_active": False}, False, id="locked administrator"),
    ],
)
def test_only_the_national_administrator_reads_the_record(
    record_admin: AuditRecordAdmin, flags: dict[str, bool], may_read: bool
) -> None:
    request = RequestFactory().get("/")
    request.user = UserFactory.create(**flags)

    assert record_admin.has_view_permission(request) is may_read
    assert record_admin.has_module_permission(request) is may_read


def test_nobody_writes_the_record_in_the_admin(record_admin: AuditRecordAdmin) -> None:
    request = RequestFactory().get("/")
    request.user = UserFactory.create(is_staff=True, is_superuser=True)

    assert not record_admin.has_add_permission(request)
    assert not record_admin.has_change_permission(request)
    assert not record_admin.has_delete_permission(request)


def test_acts_outside_any_office_give_the_filter_no_empty_link(record_admin: AuditRecordAdmin) -> None:
    record("export.made", office_number="90001")
    record("sample.made")
    request = RequestFactory().get("/")

    assert OfficeNumberFilter(request, {}, AuditRecord, record_admin).lookup_choices == [("90001", "90001")]


def test_the_list_shows_the_acts_and_filters_by_office(record_admin: AuditRecordAdmin) -> None:
    record("export.made", office_number="90001")
    record("export.made", office_number="90002")
    request = RequestFactory().get(reverse("admin:audit_auditrecord_changelist"), {"office_number": "90001"})
    request.user = UserFactory.create(is_staff=True, is_superuser=True)

    response = record_admin.changelist_view(request)

    assert [row.office_number for row in response.context_data["cl"].result_list] == ["90001"]
