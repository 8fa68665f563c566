import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from audit.models import AuditRecord
from tests.accounts.conftest import newest_mail, sign_in, sign_in_with_second_factor, url_in

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


@pytest.fixture
def admin_client(administrator):
    client = Client()
    sign_in_with_second_factor(client, administrator)
    return client


def act(client, action, user, **extra):
    return client.post(USERS, {"action": action, "_selected_action": [user.pk], **extra}, follow=True)


def test_the_national_administrator_sees_all_accounts(admin_client, seeker, staff):
    page = admin_client.get(USERS).content.decode()
    assert seeker.email in page
    assert staff.email in page


@pytest.mark.parametrize("path", ["", "add/", "{pk}/change/", "{pk}/delete/"])
def test_other_staff_do_not_come_to_accounts(staff, seeker, path):
    client = Client()
    sign_in_with_second_factor(client, staff)
    assert client.get(USERS + path.format(pk=seeker.pk)).status_code == 403


def test_a_seekers_account_can_be_looked_at_but_not_changed(admin_client, seeker):
    page = f"{USERS}{seeker.pk}/change/"
    assert "13010-00123456" in admin_client.get(page).content.decode()
    admin_client.post(page, {"name": "別の名前", "is_superuser": "on", "is_staff": "on"})
    before = seeker.name
    seeker.refresh_from_db()
    assert (seeker.name, seeker.is_superuser, seeker.is_staff) == (before, False, False)


@pytest.mark.requirement("J-16")
def test_locking_asks_for_a_reason_first(admin_client, seeker):
    page = act(admin_client, "lock", seeker)
    assert "理由" in page.content.decode()
    seeker.refresh_from_db()
    assert seeker.is_active


@pytest.mark.requirement("J-16")
def test_a_locked_account_is_closed_at_once_and_the_reason_is_recorded(admin_client, seeker, administrator):
    theirs = Client()
    sign_in(theirs, seeker)
    act(admin_client, "lock", seeker, reason="紛失の届出")
    seeker.refresh_from_db()
    assert not seeker.is_active
    assert theirs.get("/accounts/profile/").status_code == 302
    record = AuditRecord.objects.get(action="account.locked")
    assert (record.actor, record.subject, record.detail) == (administrator, str(seeker.pk), {"reason": "紛失の届出"})


def test_a_locked_account_can_be_opened_again(admin_client, seeker):
    act(admin_client, "lock", seeker, reason="誤り")
    act(admin_client, "unlock", seeker, reason="確認済み")
    seeker.refresh_from_db()
    assert seeker.is_active


def test_a_new_member_of_staff_is_invited_by_mail_and_sets_the_password(admin_client):
    admin_client.post(
        f"{USERS}add/", {"email": "New.Staff@mail.example", "name": "相談 一郎", "kana": "ソウダン イチロウ"}
    )
    user = User.objects.get(email="new.staff@mail.example")
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    mail = newest_mail(user.email)
    assert "職員用のアカウントが作られました" in mail.body
    theirs = Client()
    page = theirs.get(url_in(mail, "/password/reset/key/"))
    theirs.post(page.url, {"password1": "brand new 2026 words"})
    landing = sign_in(theirs, user, "brand new 2026 words").url
    assert (landing, theirs.get(landing).url) == ("/home/", "/admin/")
    assert AuditRecord.objects.filter(action="account.staff_invited", subject=str(user.pk)).exists()


def test_nobody_deletes_accounts_in_the_admin(admin_client, seeker):
    assert admin_client.get(f"{USERS}{seeker.pk}/delete/").status_code == 403


def test_nobody_locks_themselves_out(admin_client, administrator):
    act(admin_client, "lock", administrator, reason="まちがい")
    administrator.refresh_from_db()
    assert administrator.is_active


def test_a_lost_second_factor_is_taken_away_with_a_reason(admin_client, staff):
    theirs = Client()
    sign_in_with_second_factor(theirs, staff)
    act(admin_client, "reset_second_factor", staff, reason="端末の紛失")
    assert not Authenticator.objects.filter(user=staff).exists()
    assert theirs.get("/accounts/profile/").status_code == 302
    assert AuditRecord.objects.get(action="account.second_factor_reset").detail == {"reason": "端末の紛失"}


def test_a_change_of_rights_is_recorded(admin_client, staff):
    admin_client.post(f"{USERS}{staff.pk}/change/", {"name": staff.name, "kana": staff.kana, "is_superuser": "on"})
    staff.refresh_from_db()
    assert staff.is_superuser
    assert AuditRecord.objects.get(action="account.staff_changed").detail == {"fields": ["is_superuser"]}
