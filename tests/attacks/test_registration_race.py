"""Two links for one address, completed at the same moment: one account, and for the other a polite page."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from accounts.flows.profile import SeekerDetails
from accounts.flows.register import RegistrationLinkUnusable, complete_registration
from accounts.models import ProvisionalRegistration, User
from accounts.numbers import Phone

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "hanako@mail.example"
DETAILS = SeekerDetails(
    name="見本 花子",
    kana="ミホン ハナコ",
    postal_code="100-8916",
    address="東京都千代田区霞が関1-2-2",
    phone=Phone("090-1234-5678", "+819012345678"),
    seeker_number="",
    home_office=None,
)


@pytest.fixture
def links() -> list[ProvisionalRegistration]:
    now = timezone.now()
    expires_at = now + timedelta(hours=1)
    return [
        ProvisionalRegistration.objects.create(
            email=ADDRESS, token_hash=f"hash {number}", opened_at=now, expires_at=expires_at
        )
        for number in range(6)
    ]


def complete_all_at_once(links: list[ProvisionalRegistration]) -> list[object]:
    results: list[object] = []
    start = threading.Barrier(len(links))

    def complete(link: ProvisionalRegistration) -> None:
        start.wait()
        try:
            results.append(
                complete_registration(
                    link,
                    password="correct horse 電池",
                    details=DETAILS,
                    versions=[],
                    request=RequestFactory().get("/"),
                    now=timezone.now(),
                )
            )
        except Exception as error:  # noqa: BLE001  what is counted is which error it was
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=complete, args=[link]) for link in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_links_of_one_address_make_one_account(links) -> None:
    results = complete_all_at_once(links)

    others = [type(result) for result in results if not isinstance(result, User)]
    assert others == [RegistrationLinkUnusable for _other in links[1:]]
    assert User.objects.get().email == ADDRESS


def test_a_form_sent_twice_makes_one_account(links) -> None:
    results = complete_all_at_once([links[0]] * 4)

    assert [type(result) for result in results].count(RegistrationLinkUnusable) == 3
    assert User.objects.count() == 1
