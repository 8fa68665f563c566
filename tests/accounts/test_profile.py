import pytest

from accounts.models import SeekerProfile
from audit.models import AuditRecord
from tests.accounts.conftest import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers(office):
    return {
        "name": "𠮷田 花子",
        "kana": "よしだ はなこ",
        "postal_code": "1008916",
        "address": "東京都千代田区霞が関1-2-2",
        "phone": "０３－１２３４－５６７８",
        "seeker_number": "",
        "home_office": office.pk,
    }


def test_a_person_sees_and_changes_the_own_profile(client, seeker, answers, office):
    sign_in(client, seeker)
    assert client.post("/accounts/profile/change/", answers).url == "/accounts/profile/"
    page = client.get("/accounts/profile/").content.decode()
    for text in ("𠮷田 花子", "ヨシダ ハナコ", "100-8916", "０３－１２３４－５６７８", office.name):
        assert text in page
    assert SeekerProfile.objects.get(user=seeker).phone_e164 == "+81312345678"


def test_the_form_is_filled_with_what_is_known(client, seeker):
    sign_in(client, seeker)
    page = client.get("/accounts/profile/change/").content.decode()
    assert seeker.name in page
    assert "090-1234-5678" in page
    assert "13010-00123456" in page


def test_a_mistake_changes_nothing_and_keeps_what_was_typed(client, seeker, answers):
    sign_in(client, seeker)
    answer = client.post("/accounts/profile/change/", {**answers, "phone": "110"})
    assert "phone" in answer.context["form"].errors
    assert "𠮷田 花子" in answer.content.decode()
    seeker.refresh_from_db()
    assert seeker.name != "𠮷田 花子"


def test_an_office_that_is_not_public_cannot_be_chosen(client, seeker, answers, office):
    office.is_active = False
    office.save()
    sign_in(client, seeker)
    assert "home_office" in client.post("/accounts/profile/change/", answers).context["form"].errors


def test_the_audit_keeps_which_fields_changed_but_not_their_content(client, seeker, answers):
    sign_in(client, seeker)
    client.post("/accounts/profile/change/", answers)
    record = AuditRecord.objects.get(action="account.profile_changed")
    assert {"name", "kana", "phone"} <= set(record.detail["fields"])
    assert "花子" not in str(record.detail)


def test_extra_fields_of_a_forged_form_are_ignored(client, seeker, answers):
    sign_in(client, seeker)
    client.post("/accounts/profile/change/", {**answers, "is_staff": "on", "email": "other@mail.example"})
    email = seeker.email
    seeker.refresh_from_db()
    assert (seeker.is_staff, seeker.email) == (False, email)


@pytest.mark.parametrize(
    "page", ["/accounts/profile/", "/accounts/profile/change/", "/accounts/delete/", "/accounts/sessions/"]
)
def test_without_sign_in_personal_pages_lead_to_the_sign_in_page(client, page):
    assert client.get(page).url == f"/accounts/login/?next={page}"


@pytest.mark.parametrize("page", ["/accounts/profile/change/"])
def test_staff_data_are_changed_by_the_national_administrator_only(client, staff, page):
    sign_in(client, staff)
    assert client.get(page).status_code == 404
