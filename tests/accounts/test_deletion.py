import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts import deletion
from accounts.deletion import Notice, before_deletion, on_deletion
from accounts.models import SeekerProfile, User
from audit.models import AuditRecord
from terms.consent import give_consent
from terms.models import Consent
from tests.accounts.conftest import activate_second_factor, newest_mail, reauthenticate, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("J-13")]
PAGE = "/accounts/delete/"


@pytest.fixture(autouse=True)
def nothing_registered_by_other_apps(monkeypatch):
    monkeypatch.setattr(deletion, "_checks", [])
    monkeypatch.setattr(deletion, "_erasers", [])


@pytest.fixture
def signed_in(client, seeker):
    sign_in(client, seeker)
    reauthenticate(client)
    return client


def test_the_password_is_asked_again_first(client, seeker):
    sign_in(client, seeker)
    assert client.get(PAGE).url.startswith("/accounts/reauthenticate/")
    assert client.post(PAGE).url.startswith("/accounts/reauthenticate/")
    assert User.objects.get(pk=seeker.pk).deleted_at is None


def test_the_page_says_what_goes_what_stays_and_why(signed_in):
    page = signed_in.get(PAGE).content.decode()
    for text in ("削除されるもの", "残るものと、その理由", "統計", "1年間残します"):
        assert text in page


def test_opening_the_page_deletes_nothing(signed_in, seeker):
    signed_in.get(PAGE)
    assert User.objects.get(pk=seeker.pk).deleted_at is None


def test_nothing_personal_is_left(signed_in, seeker, now):
    activate_second_factor(seeker)
    before = (seeker.email, seeker.name)
    signed_in.post(PAGE)
    person = User.objects.get(pk=seeker.pk)
    assert person.email.startswith("deleted-")
    assert person.email.endswith("@invalid.example")
    assert (person.name, person.kana, person.is_active, person.deleted_at) == ("", "", False, now)
    assert not person.has_usable_password()
    for model in (SeekerProfile, EmailAddress, Authenticator):
        assert not model.objects.filter(user=person).exists()
    assert before[0] not in str(User.objects.values_list())


def test_all_devices_are_signed_out(signed_in, seeker):
    other = Client()
    sign_in(other, seeker)
    assert signed_in.post(PAGE).url == "/accounts/deleted/"
    for client in (signed_in, other):
        assert client.get("/accounts/profile/").status_code == 302
    assert signed_in.get("/accounts/deleted/").status_code == 200


def test_the_consent_stays(signed_in, seeker, portal_terms):
    give_consent(seeker, versions=[portal_terms], language="ja", request=None)
    signed_in.post(PAGE)
    assert Consent.objects.filter(person=seeker).exists()


def test_it_is_recorded_and_the_person_is_told(signed_in, seeker):
    signed_in.post(PAGE)
    assert AuditRecord.objects.get(action="account.deleted").subject == str(seeker.pk)
    assert "登録を削除しました" in newest_mail(seeker.email).body


def test_the_address_can_be_registered_again(signed_in, seeker):
    signed_in.post(PAGE)
    Client().post("/accounts/register/", {"email": seeker.email})
    assert "/register/link/" in newest_mail(seeker.email).body


def test_apps_above_say_what_happens_to_their_data(signed_in):
    before_deletion(lambda user, *, now: [Notice("これからの予約1件を取り消します。")])
    assert "これからの予約1件を取り消します。" in signed_in.get(PAGE).content.decode()


def test_apps_above_erase_their_data(signed_in, seeker, now):
    erased = []
    on_deletion(lambda user, *, now: erased.append((user.pk, now)))
    signed_in.post(PAGE)
    assert erased == [(seeker.pk, now)]


def test_apps_above_can_refuse(signed_in, seeker):
    before_deletion(lambda user, *, now: [Notice("今は削除できません。", blocks=True)])
    page = signed_in.post(PAGE).content.decode()
    assert "今は削除できません。" in page
    assert "登録を削除する</button>" not in page
    assert User.objects.get(pk=seeker.pk).deleted_at is None


def test_an_eraser_that_fails_undoes_everything(signed_in, seeker):
    def fail(user, *, now):
        raise RuntimeError("cannot erase")

    on_deletion(fail)
    with pytest.raises(RuntimeError):
        signed_in.post(PAGE)
    assert User.objects.get(pk=seeker.pk).email == seeker.email


def test_staff_accounts_are_not_deleted_by_the_person(client, staff):
    sign_in(client, staff)
    reauthenticate(client)
    assert client.post(PAGE).status_code == 404
