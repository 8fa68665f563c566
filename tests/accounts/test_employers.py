"""Employers register themselves with their 事業所番号 and agree beforehand; an account is a seeker's or an employer's."""

import threading

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils.html import escape

from accounts.flows.register import request_registration
from accounts.models import AccountKind, EmployerProfile, ProvisionalRegistration, SeekerProfile, User
from audit.models import AuditRecord
from terms.consent import missing_consents
from terms.models import Consent, TermsKind
from tests.accounts.conftest import newest_mail, reauthenticate, sign_in, sign_in_with_second_factor, url_in
from tests.factories import NOW, EmployerFactory, SeekerFactory, TermsDocumentFactory, TermsVersionFactory, UserFactory

pytestmark = pytest.mark.django_db

ADDRESS = "saiyo@company.example"
REGISTER = "/accounts/register/employer/"
DETAILS = "/accounts/register/details/"
CHANGE = "/accounts/profile/change/"


@pytest.fixture
def employer(db) -> User:
    return EmployerFactory.create()


@pytest.fixture
def link(client, now):
    client.post(REGISTER, {"email": ADDRESS})
    return url_in(newest_mail(ADDRESS), "/register/link/")


@pytest.fixture
def opened(client, link):
    client.post(link)
    return DETAILS


@pytest.fixture
def profile_answers(office):
    return {
        "company_name": "見本商事 中央支店",
        "establishment_number": "１３０１－１２３４５６－７",
        "department": "総務部 人事課",
        "name": "採用 学",
        "kana": "さいよう まなぶ",
        "phone": "03-1234-5678",
        "home_office": office.pk,
    }


@pytest.fixture
def answers(profile_answers, portal_terms):
    return {**profile_answers, "password": "長いあいことば 2026", f"version-{portal_terms.pk}": "on"}


# --- 仮登録 ---------------------------------------------------------------------------------------------------------


def test_the_page_of_seekers_leads_employers_to_theirs_and_back(client):
    assert f'href="{REGISTER}"' in client.get("/accounts/register/").content.decode()
    assert 'href="/accounts/register/"' in client.get(REGISTER).content.decode()


def test_where_the_person_was_going_is_kept_on_the_way_to_the_other_page(client):
    page = client.get("/accounts/register/?next=/services/7/").content.decode()
    assert f'href="{REGISTER}?next=/services/7/"'.replace("/services/7/", "%2Fservices%2F7%2F") in page


def test_employers_get_the_same_mail(client, db):
    client.post("/accounts/register/", {"email": "hanako@mail.example"})
    client.post(REGISTER, {"email": ADDRESS})
    theirs, ours = newest_mail("hanako@mail.example"), newest_mail(ADDRESS)
    assert ours.subject == theirs.subject
    assert without_urls(ours.body) == without_urls(theirs.body)


def without_urls(body):
    return [line for line in body.splitlines() if not line.startswith("http")]


def test_the_page_never_tells_whether_an_address_is_known(client, seeker):
    answers = [client.post(REGISTER, {"email": address}) for address in (ADDRESS, seeker.email)]
    assert len({(answer.status_code, answer.url) for answer in answers}) == 1
    assert "/register/link/" not in newest_mail(seeker.email).body


def test_who_mistyped_the_address_comes_back_to_the_page_of_employers(client, link):
    assert f'href="{REGISTER}"' in client.get("/accounts/register/sent/").content.decode()


def test_a_mistake_is_explained_on_the_page_of_employers(client, db):
    page = client.post(REGISTER, {"email": "saiyo"}).content.decode()
    assert 'class="error-summary"' in page
    assert "事業所の方の利用者登録" in page


@pytest.mark.parametrize("kind", AccountKind)
def test_the_link_decides_what_is_asked_in_whatever_browser_it_is_opened(db, portal_terms, kind):
    request_registration(ADDRESS, now=NOW, kind=kind)
    assert ProvisionalRegistration.objects.get().kind == kind


def test_the_address_bar_cannot_turn_one_kind_into_the_other(client, opened, answers):
    client.post(f"{opened}?kind=seeker", {**answers, "kind": "seeker"})
    assert User.objects.get().is_employer


# --- 本登録 ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S-16", "S-36")
def test_the_whole_registration_makes_an_employer_who_is_signed_in(client, opened, answers, office):
    answer = client.post(opened, answers)
    user = User.objects.get(email=ADDRESS)
    profile = user.employer_profile
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert (user.name, user.kana, user.is_employer) == ("採用 学", "サイヨウ マナブ", True)
    assert (profile.company_name, profile.establishment_number) == ("見本商事 中央支店", "1301-123456-7")
    assert (profile.department, profile.phone_e164, profile.home_office) == ("総務部 人事課", "+81312345678", office)
    assert EmailAddress.objects.get(user=user).verified
    assert AuditRecord.objects.get(action="account.registered").actor == user
    assert not SeekerProfile.objects.exists()


@pytest.mark.requirement("S-36")
def test_an_employer_agrees_before_anything_else(client, opened, answers, portal_terms, now):
    (_item, box), *_rest = client.get(opened).context["form"].asked()
    assert "checked" not in str(box)
    client.post(opened, answers)
    user = User.objects.get()
    assert Consent.objects.of(user).get().version == portal_terms
    assert not missing_consents(user, documents=[portal_terms.document], on=now.date())


@pytest.mark.requirement("S-36")
def test_without_the_tick_no_employer_is_registered_and_what_was_typed_stays(client, opened, answers, portal_terms):
    del answers[f"version-{portal_terms.pk}"]
    page = client.post(opened, answers).content.decode()
    assert not User.objects.exists()
    assert 'class="error-summary"' in page
    for name in ("company_name", "establishment_number", "department", "name", "kana", "phone"):
        assert f'value="{escape(answers[name])}"' in page
    assert answers["password"] not in page


def test_the_details_page_asks_what_concerns_an_employer_in_this_order(client, opened, portal_terms):
    names = ["company_name", "establishment_number", "department", "name", "kana", "phone", "home_office"]
    form = client.get(opened).context["form"]
    assert list(form.fields) == ["password", *names, f"version-{portal_terms.pk}"]
    page = client.get(opened).content.decode()
    positions = [page.index(f'name="{name}"') for name in form.fields]
    assert positions == sorted(positions)


@pytest.mark.parametrize("field", ["password", "company_name", "establishment_number", "name", "kana", "phone"])
def test_what_is_required_is_named_when_it_is_missing(client, opened, answers, field):
    answer = client.post(opened, {**answers, field: ""})
    assert list(answer.context["form"].errors) == [field]
    assert f'href="#id_{field}"' in answer.content.decode()


def test_name_and_furigana_are_asked_of_the_person_who_recruits(client, opened, answers):
    errors = client.post(opened, {**answers, "name": "", "kana": ""}).context["form"].errors
    assert errors["name"] == ["担当者氏名を入力してください。"]
    assert errors["kana"] == ["担当者氏名のふりがなを入力してください。"]


@pytest.mark.parametrize("field", ["department", "home_office"])
def test_department_and_office_may_be_left_empty(client, opened, answers, field):
    client.post(opened, {**answers, field: ""})
    assert User.objects.get().is_employer


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("establishment_number", "1301-123456"),
        ("company_name", "見本\u202e商事"),
        ("company_name", "見" * 151),
        ("department", "部" * 101),
    ],
)
def test_what_cannot_be_right_is_refused(client, opened, answers, field, typed):
    assert field in client.post(opened, {**answers, field: typed}).context["form"].errors
    assert not User.objects.exists()


def test_a_seekers_link_still_makes_a_seeker(client, now, answers, portal_terms):
    client.post("/accounts/register/", {"email": ADDRESS})
    client.post(url_in(newest_mail(ADDRESS), "/register/link/"))
    seeker = {"postal_code": "100-8916", "address": "東京都千代田区霞が関1-2-2", "seeker_number": ""}
    client.post(DETAILS, {**answers, **seeker})
    user = User.objects.get()
    assert (user.is_employer, user.kind) == (False, AccountKind.SEEKER)
    assert user.seeker_profile.postal_code == "100-8916"
    assert not EmployerProfile.objects.exists()


# --- One profile per account ------------------------------------------------------------------------------------------


def add_employer_profile(user):
    EmployerProfile.objects.create(user=user, company_name="見本商事", establishment_number="1301-123456-7")


def add_seeker_profile(user):
    SeekerProfile.objects.create(user=user)


@pytest.mark.parametrize(
    ("registered", "add", "table"),
    [
        pytest.param(SeekerFactory, add_employer_profile, "accounts_employerprofile", id="a seeker as employer"),
        pytest.param(EmployerFactory, add_seeker_profile, "accounts_seekerprofile", id="an employer as seeker"),
    ],
)
def test_an_account_is_one_or_the_other(registered, add, table):
    user = registered.create()
    with pytest.raises(IntegrityError, match="profile of the other kind"), transaction.atomic():
        add(user)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER one_profile_per_account")
    add(user)


@pytest.mark.django_db(transaction=True)
def test_both_kinds_added_at_the_same_moment_leave_one():
    user = UserFactory.create()
    start = threading.Barrier(2)
    refused = []

    def run(add):
        try:
            start.wait()
            add(user)
        except IntegrityError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[add]) for add in (add_employer_profile, add_seeker_profile)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert SeekerProfile.objects.count() + EmployerProfile.objects.count() == 1


def test_the_establishment_number_is_stored_in_one_form_only(db):
    with pytest.raises(IntegrityError, match="establishment_number_in_its_form"), transaction.atomic():
        EmployerProfile.objects.create(user=UserFactory.create(), company_name="x", establishment_number="13011234567")


def test_asking_again_whether_somebody_is_an_employer_takes_no_query(
    seeker, employer, staff, django_assert_num_queries
):
    people = list(User.objects.select_related("employer_profile").order_by("pk"))
    with django_assert_num_queries(0):
        assert [person.is_employer for person in people] == [person == employer for person in people]
    person = User._base_manager.get(pk=staff.pk)
    with django_assert_num_queries(1):
        assert [person.is_employer for _again in range(3)] == [False] * 3


# --- The profile ----------------------------------------------------------------------------------------------------


def test_an_employer_sees_and_changes_the_own_profile(client, employer, profile_answers, office):
    sign_in(client, employer)
    assert client.post(CHANGE, profile_answers).url == "/accounts/profile/"
    page = client.get("/accounts/profile/").content.decode()
    for text in ("見本商事 中央支店", "1301-123456-7", "総務部 人事課", "採用 学", "サイヨウ マナブ", office.name):
        assert text in page
    assert "求職番号" not in page
    assert not SeekerProfile.objects.exists()


def test_a_seeker_is_not_shown_what_concerns_employers(client, seeker):
    sign_in(client, seeker)
    for page in ("/accounts/profile/", CHANGE):
        assert "事業所" not in client.get(page).content.decode()


def test_the_form_is_filled_with_what_is_known(client, employer):
    sign_in(client, employer)
    page = client.get(CHANGE).content.decode()
    for text in ("見本商事", "1301-123456-7", "総務部", employer.name, "03-1234-5678"):
        assert f'value="{text}"' in page


def test_a_mistake_changes_nothing_and_keeps_what_was_typed(client, employer, profile_answers):
    sign_in(client, employer)
    answer = client.post(CHANGE, {**profile_answers, "establishment_number": "1301"})
    assert list(answer.context["form"].errors) == ["establishment_number"]
    assert "見本商事 中央支店" in answer.content.decode()
    assert EmployerProfile.objects.get().company_name == "見本商事"


def test_the_audit_keeps_which_fields_changed_but_not_their_content(client, employer, profile_answers):
    sign_in(client, employer)
    client.post(CHANGE, {**profile_answers, "establishment_number": "1301-123456-7"})
    record = AuditRecord.objects.get(action="account.profile_changed")
    assert {"name", "company_name", "department"} <= set(record.detail["fields"])
    assert "establishment_number" not in record.detail["fields"]
    assert "見本" not in str(record.detail)


def test_a_forged_form_does_not_make_an_employer_a_seeker(client, employer, profile_answers):
    sign_in(client, employer)
    client.post(CHANGE, {**profile_answers, "seeker_number": "13010-1234", "postal_code": "1008916", "address": "x"})
    assert not SeekerProfile.objects.exists()


# --- Leaving, and the admin -------------------------------------------------------------------------------------------


@pytest.mark.requirement("J-13")
def test_deleting_the_account_erases_the_employer(client, employer):
    sign_in(client, employer)
    reauthenticate(client)
    assert "事業所番号" in client.get("/accounts/delete/").content.decode()
    client.post("/accounts/delete/")
    assert not EmployerProfile.objects.exists()
    assert User.objects.get(pk=employer.pk).deleted_at is not None


def test_the_national_administrator_sees_employers_and_finds_them_by_company(administrator, employer, seeker):
    client = Client()
    sign_in_with_second_factor(client, administrator)
    found = client.get("/admin/accounts/user/?q=見本商事").content.decode()
    assert employer.email in found
    assert seeker.email not in found
    page = client.get(f"/admin/accounts/user/{employer.pk}/change/").content.decode()
    assert "1301-123456-7" in page
    assert "求職者の登録内容" not in page


@pytest.mark.requirement("S-37")
def test_an_employer_whose_terms_changed_is_asked_before_going_on(client, opened, answers, portal_terms):
    client.post(opened, answers)
    newest = TermsVersionFactory.create(document=portal_terms.document, number=2, body="新しい文です。")
    page = client.get("/mypage/", follow=True)
    assert [item.version for item, _box in page.context["form"].asked()] == [newest]
    assert "<ins>新しい文です。</ins>" in page.content.decode()


def test_terms_of_a_service_are_not_asked_at_registration(client, opened):
    TermsVersionFactory.create(document=TermsDocumentFactory.create(kind=TermsKind.SERVICE))
    assert client.get(opened).context["form"].asked() == []
