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
from terms.consent import consent_url, give_consent
from terms.decorators import portal_consent_required
from terms.models import Consent, TermsDocument, TermsKind, TermsVersion
from terms.next_path import MAX_LENGTH
from tests.factories import TermsDocumentFactory
from tests.terms.conftest import Publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeker(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def page_for(next_path: str = "/mypage/", *documents: TermsDocument) -> str:
    return consent_url(next_path=next_path, documents=documents)


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
