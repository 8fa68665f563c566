import re
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import SeekerProfile, User
from offices.models import Office
from terms.asking import ask_consent
from terms.consent import consent_url, give_consent
from terms.decorators import portal_consent_required
from terms.models import Consent, TermsDocument, TermsKind, TermsVersion
from terms.next_path import MAX_LENGTH
from tests.factories import EmployerFactory, TermsDocumentFactory
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeker(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def page_for(next_path: str = "/mypage/", *documents: TermsDocument) -> str:
    return consent_url(documents, next_path=next_path)


def tick(*versions: TermsVersion) -> dict[str, str]:
    return {f"version-{version.pk}": "on" for version in versions}


@pytest.mark.requirement("J-02")
def test_boxes_are_unticked(seeker: Client, portal: TermsDocument, version_of: Publish) -> None:
    version_of(portal)

    page = seeker.get(page_for()).content.decode()

    assert len(re.findall(r'type="checkbox"', page)) == 1
    assert not re.search(r"<input[^>]*\schecked", page)


@pytest.mark.requirement("J-08")
def test_the_meeting_software_has_its_own_box(seeker: Client, portal: TermsDocument, version_of: Publish) -> None:
    software = TermsDocumentFactory.create(kind=TermsKind.SOFTWARE, title="会議ソフトの規約")
    first, second = version_of(portal), version_of(software)

    page = seeker.get(page_for("/mypage/", software)).content.decode()
    only_one = seeker.post(page_for("/mypage/", software), tick(first))

    assert len(re.findall(r'type="checkbox"', page)) == 2
    assert only_one.status_code == 200
    assert not Consent.objects.exists()
    assert seeker.post(page_for("/mypage/", software), tick(first, second)).status_code == 302
    assert Consent.objects.count() == 2


@pytest.mark.requirement("X-01")
def test_agreeing_keeps_version_language_address_and_device(
    seeker: Client, person: User, portal: TermsDocument, version_of: Publish
) -> None:
    version = version_of(portal)

    answer = seeker.post(
        page_for("/mypage/?a=1"), tick(version), REMOTE_ADDR="192.0.2.9", headers={"user-agent": "Sample Browser"}
    )

    consent = Consent.objects.get()
    assert answer.headers["Location"] == "/mypage/?a=1"
    assert (consent.person, consent.version) == (person, version)
    assert (consent.language, consent.address, consent.device) == ("ja", "192.0.2.9", "Sample Browser")


def test_without_a_tick_nothing_is_kept_and_the_page_says_what_to_do(
    seeker: Client, portal: TermsDocument, version_of: Publish
) -> None:
    version_of(portal)

    page = seeker.post(page_for(), {}).content.decode()

    assert 'class="error-summary"' in page
    assert "同意する場合はチェックを入れてください" in page
    assert not Consent.objects.exists()


@pytest.mark.requirement("X-02")
def test_a_version_that_came_into_force_while_reading_is_asked_again(
    seeker: Client, portal: TermsDocument, version_of: Publish
) -> None:
    read = version_of(portal)
    seeker.get(page_for())
    replaced_by = version_of(portal, 2, body="差し替えた文です。")

    page = seeker.post(page_for(), tick(read))

    assert "規約が新しくなりました" in page.content.decode()
    assert "差し替えた文です。" in page.content.decode()
    assert not Consent.objects.exists()
    seeker.post(page_for(), tick(replaced_by))
    assert Consent.objects.get().version == replaced_by


@pytest.mark.requirement("X-02")
def test_who_agreed_before_sees_what_changed(
    seeker: Client, person: User, portal: TermsDocument, version_of: Publish
) -> None:
    first = version_of(portal, 1, body="1分です。")
    give_consent(person, versions=[first], language="ja", request=None)
    version_of(portal, 2, body="2分です。", summary_of_changes="分を改めました。")

    page = seeker.get(page_for()).content.decode()

    assert "分を改めました。" in page
    assert "<del>1分です。</del>" in page
    assert "<ins>2分です。</ins>" in page
    assert reverse("terms:version", args=["portal", 1]) in page


def test_who_refuses_finds_the_telephone_and_the_way_out(
    seeker: Client, person: User, portal: TermsDocument, version_of: Publish, office: Office
) -> None:
    version_of(portal)
    SeekerProfile.objects.create(user=person, home_office=office)

    page = seeker.get(page_for()).content.decode()

    assert "同意されない場合" in page
    assert "0000-00-0001" in page
    assert f'action="{reverse("account_logout")}"' in page


def test_who_has_no_office_yet_still_finds_the_way_out(
    seeker: Client, portal: TermsDocument, version_of: Publish
) -> None:
    version_of(portal)

    assert "お電話または窓口" in seeker.get(page_for()).content.decode()


def test_who_has_agreed_to_everything_goes_straight_on(seeker: Client, portal: TermsDocument) -> None:
    assert seeker.get(page_for("/mypage/")).headers["Location"] == "/mypage/"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "evil.example",
        "/\x01",
        "/" + "a" * MAX_LENGTH,
        "",
    ],
)
def test_the_page_never_leads_elsewhere(seeker: Client, target: str) -> None:
    assert seeker.get(reverse("terms:consent"), {"next": target}).headers["Location"] == "/"


def test_the_page_asks_to_sign_in_first(client: Client) -> None:
    assert client.get(page_for()).headers["Location"].startswith(reverse("account_login"))


def test_looking_at_the_page_is_no_consent(seeker: Client, portal: TermsDocument, version_of: Publish) -> None:
    version_of(portal)
    seeker.get(page_for())

    assert not Consent.objects.exists()


# --- Terms of a service, before the session opens (S-37) ---------------------------------------------------------------


@pytest.fixture
def of_office(office: Office) -> TermsDocument:
    return TermsDocumentFactory.create(title="オンライン相談の規約", slug="soudan", office_number=office.number)


@pytest.fixture
def employer(client: Client) -> User:
    employer = EmployerFactory.create()
    client.force_login(employer)
    return employer


@pytest.mark.requirement("S-37")
def test_changed_terms_are_shown_with_the_differences_before_the_session_opens(
    client: Client, employer: User, of_office: TermsDocument, version_of: Publish
) -> None:
    agreed = version_of(of_office, 1, body="1回30分です。")
    give_consent(employer, versions=[agreed], language="ja", request=None)
    newest = version_of(of_office, 2, body="1回45分です。")

    page = client.get(page_for("/reservations/7/join/", of_office))

    assert [(item.version, item.previous) for item, _box in page.context["form"].asked()] == [(newest, agreed)]
    assert "<del>1回30分です。</del>" in page.content.decode()
    assert "<ins>1回45分です。</ins>" in page.content.decode()


@pytest.mark.requirement("S-37")
def test_who_does_not_agree_does_not_go_on(
    client: Client, employer: User, of_office: TermsDocument, version_of: Publish
) -> None:
    give_consent(employer, versions=[version_of(of_office)], language="ja", request=None)
    version_of(of_office, 2)
    address = page_for("/reservations/7/join/", of_office)

    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 200
    assert client.get(address).status_code == 200
    assert not Consent.objects.filter(version__number=2).exists()


@pytest.mark.requirement("S-37")
def test_who_agrees_to_the_newest_terms_goes_on_to_the_session(
    client: Client, employer: User, of_office: TermsDocument, version_of: Publish
) -> None:
    give_consent(employer, versions=[version_of(of_office)], language="ja", request=None)
    newest = version_of(of_office, 2)

    answer = client.post(page_for("/reservations/7/join/", of_office), tick(newest))

    assert answer.headers["Location"] == "/reservations/7/join/"
    assert Consent.objects.of(employer).filter(version=newest).exists()


@pytest.mark.requirement("S-37")
def test_who_agreed_to_the_newest_terms_is_not_stopped(
    client: Client, employer: User, of_office: TermsDocument, version_of: Publish
) -> None:
    give_consent(employer, versions=[version_of(of_office)], language="ja", request=None)

    assert client.get(page_for("/reservations/7/join/", of_office)).headers["Location"] == "/reservations/7/join/"


def test_only_what_is_missing_is_shown(
    client: Client, employer: User, portal: TermsDocument, of_office: TermsDocument, version_of: Publish
) -> None:
    give_consent(employer, versions=[version_of(portal)], language="ja", request=None)
    missing = version_of(of_office)
    version_of(TermsDocumentFactory.create())

    page = client.get(page_for("/mypage/", of_office))

    assert page.context["form"].versions == [missing]


def test_who_refuses_the_terms_of_an_office_finds_its_telephone(
    client: Client, employer: User, office: Office, of_office: TermsDocument, version_of: Publish
) -> None:
    employer.employer_profile.home_office = Office.objects.create(
        number="90009", name="別の安定所", phone="0000-00-0009"
    )
    employer.employer_profile.save()
    version_of(of_office)

    page = client.get(page_for("/mypage/", of_office)).content.decode()

    assert 'href="tel:0000000001"' in page
    assert office.contact_hours in page
    assert "0000-00-0009" not in page


def test_an_employer_finds_the_telephone_of_the_own_office_beside_national_terms(
    client: Client, employer: User, office: Office, portal: TermsDocument, version_of: Publish
) -> None:
    employer.employer_profile.home_office = office
    employer.employer_profile.save()
    version_of(portal)

    assert 'href="tel:0000000001"' in client.get(page_for()).content.decode()


@pytest.mark.parametrize(
    ("back", "link"),
    [
        pytest.param("/reservations/7/", "/reservations/7/", id="where the person came from"),
        pytest.param("", "/", id="not said"),
        pytest.param("https://evil.example/", "/", id="another site"),
        pytest.param("javascript:alert(1)", "/", id="a script"),
    ],
)
def test_who_refuses_finds_the_way_back(
    seeker: Client, of_office: TermsDocument, version_of: Publish, back: str, link: str
) -> None:
    version_of(of_office)
    address = consent_url([of_office], next_path="/reservations/7/join/", back_path=back)

    assert f'<a href="{link}">同意せずに戻る</a>' in seeker.get(address).content.decode()


@pytest.mark.parametrize("slugs", [["unknown"], ["soudan", "unknown"], ["第1条"], [""]])
def test_a_document_that_does_not_exist_is_not_found(
    seeker: Client, of_office: TermsDocument, slugs: list[str]
) -> None:
    assert seeker.get(reverse("terms:consent"), {"for": slugs, "next": "/mypage/"}).status_code == 404


def test_a_document_named_twice_is_asked_once(seeker: Client, of_office: TermsDocument, version_of: Publish) -> None:
    version = version_of(of_office)

    page = seeker.get(reverse("terms:consent"), {"for": ["soudan", "soudan"]})

    assert page.context["form"].versions == [version]


def test_the_page_serves_people_without_an_account(of_office: TermsDocument, version_of: Publish) -> None:
    version = version_of(of_office)
    request = RequestFactory().post("/guest/join/", tick(version))
    request.user = AnonymousUser()

    answer = ask_consent(request, "guest:1", documents=[of_office], next_path="/guest/session/")

    assert answer.headers["Location"] == "/guest/session/"
    assert Consent.objects.get().subject == "guest:1"


def test_people_without_an_account_are_not_offered_to_sign_out(of_office: TermsDocument, version_of: Publish) -> None:
    version_of(of_office)
    request = RequestFactory().get("/guest/join/")
    request.user = AnonymousUser()

    page = ask_consent(request, "guest:1", documents=[of_office], next_path="/guest/session/", back_path="/guest/")

    assert "同意せずにログアウトする" not in page.content.decode()
    assert '<a href="/guest/">同意せずに戻る</a>' in page.content.decode()


@portal_consent_required
def guarded(_request: HttpRequest, number: str) -> HttpResponse:
    return HttpResponse(f"seen {number}")


def test_a_guarded_page_sends_the_person_to_the_terms_and_back(
    person: User, portal: TermsDocument, version_of: Publish
) -> None:
    version = version_of(portal)
    request = RequestFactory().get("/reservations/7/?tab=1&x=2")
    request.user = person

    answer = guarded(request, number="7")

    address = urlsplit(answer.headers["Location"])
    assert address.path == reverse("terms:consent")
    assert parse_qs(address.query) == {"next": ["/reservations/7/?tab=1&x=2"]}
    give_consent(person, versions=[version], language="ja", request=None)
    assert guarded(request, number="7").content == b"seen 7"


def test_a_guarded_page_asks_nothing_of_who_is_not_signed_in(portal: TermsDocument, version_of: Publish) -> None:
    version_of(portal)
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    assert guarded(request, number="7").content == b"seen 7"


def test_a_guarded_page_is_open_as_long_as_the_terms_are_not_in_force(
    person: User, portal: TermsDocument, version_of: Publish, today: date
) -> None:
    version_of(portal, in_force_on=today.replace(year=today.year + 1, day=1))
    request = RequestFactory().get("/")
    request.user = person

    assert guarded(request, number="7").content == b"seen 7"
