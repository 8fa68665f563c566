import pytest
from django.urls import reverse

from booking.enums import Requirement, ReservationStatus, Standing
from booking.models import Reservation
from booking.views.seeker.drafts import KEY
from terms.models import Consent
from tests.factories import ReservationFactory, SeekerFactory, TermsVersionFactory, change_rules, jst
from tests.seeker.conftest import TYPED, agree

START = jst(6, 2, 10)


def test_the_whole_way_from_a_time_to_a_reservation(way, seeker):
    held = way.hold(START)
    assert way.type(held).url == way.url("check", held.number)
    answer = way.confirm(held)
    assert answer.url == way.url("done", held.number)
    reservation = Reservation.objects.get()
    assert reservation.status == ReservationStatus.CONFIRMED
    assert (reservation.name, reservation.kana) == ("見本 花子", "ミホン ハナコ")
    assert (reservation.phone, reservation.phone_e164) == ("０９０−１２３４−５６７８", "+819012345678")
    page = way.client.get(answer.url).content.decode()
    assert reservation.display_number in page
    assert "10:00〜10:30" in page


def test_the_done_page_survives_reloading(way):
    held = way.hold(START)
    way.type(held)
    done = way.confirm(held).url
    assert [way.client.get(done).status_code for _again in range(2)] == [200, 200]


def test_sending_the_check_page_twice_makes_one_reservation(way):
    held = way.hold(START)
    way.type(held)
    way.confirm(held)
    assert way.client.post(way.url("check", held.number)).url == way.url("done", held.number)
    assert Reservation.objects.count() == 1


# --- Details ---


@pytest.mark.requirement("J-04", "K-04")
def test_having_no_device_is_told_at_the_question_and_loses_nothing(way, service):
    change_rules(service, asks_device=True)
    held = way.hold(START)
    page = way.type(held, has_device="no")
    assert service.office.phone in page.context["form"].errors["has_device"][0]
    assert page.context["form"]["topic"].value() == "応募書類を見てほしい"
    assert way.type(held, has_device="yes").url == way.url("check", held.number)


def test_registered_details_are_prefilled(way, seeker):
    page = way.client.get(way.url("details", way.hold(START).number))
    initial = page.context["form"].initial
    assert initial["name"] == seeker.name
    assert initial["phone"] == "090-1234-5678"
    assert initial["seeker_number"] == "13010-00123456"


def test_the_hold_is_shown_with_its_end(way, now):
    page = way.client.get(way.url("details", way.hold(START).number)).content.decode()
    assert "10:10</strong> まで" in page
    assert 'data-hold-seconds="600"' in page


def test_errors_are_summed_up_on_top_linked_and_described_error_first(way):
    held = way.hold(START)
    page = way.type(held, phone="110", name="").content.decode()
    assert "エラー：" in page.split("</title>")[0]
    assert page.index("error-summary") < page.index("<h1")
    assert '<a href="#id_phone">電話番号を確認してください' in page
    assert "＊電話番号を確認してください" in page
    assert 'aria-describedby="id_phone_error id_phone_helptext"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="110"' in page


def test_an_invalid_form_changes_nothing(way):
    held = way.hold(START)
    way.type(held, phone="")
    held.refresh_from_db()
    assert (held.status, held.name) == (ReservationStatus.HELD, "")


@pytest.mark.requirement("S-16")
def test_who_is_none_of_those_the_service_is_for_is_told_at_the_question(way):
    change_rules(way.service, standings=[Standing.REGISTERED_HERE, Standing.ABOUT_TO_REGISTER])
    held = way.hold(START)
    errors = way.type(held, standing="none").context["form"].errors
    assert "ハローワークで求職登録をしている方" in errors["standing"][0]
    assert way.type(held, standing=Standing.ABOUT_TO_REGISTER).url == way.url("check", held.number)


@pytest.mark.requirement("K-15", "S-30")
@pytest.mark.parametrize("requirement", Requirement.values)
@pytest.mark.parametrize("field", ["seeker_number", "topic"])
def test_the_service_decides_what_is_asked(way, field, requirement):
    change_rules(way.service, **{field: requirement})
    held = way.hold(START)
    form = way.client.get(way.url("details", held.number)).context["form"]
    assert (field in form.fields) == (requirement != Requirement.HIDDEN)
    is_accepted = way.type(held, **{field: ""}).status_code == 302
    assert is_accepted == (requirement != Requirement.REQUIRED)


def test_furigana_is_not_asked_of_a_name_in_latin_letters(way):
    held = way.hold(START)
    assert way.type(held, name="見本 花子", kana="").status_code == 200
    assert way.type(held, name="NGUYEN THI HOA", kana="").status_code == 302


@pytest.mark.requirement("J-33", "K-35", "H-35", "S-44")
def test_companions_are_announced_and_an_interpreter_with_the_language(way):
    held = way.hold(START)
    refused = way.type(held, companions=["interpreter"]).content.decode()
    assert "通訳の言語を入力してください" in refused
    way.type(held, companions=["family", "interpreter"], interpreter_language="ベトナム語")
    way.confirm(held)
    reservation = Reservation.objects.get()
    assert reservation.companions == ["family", "interpreter"]
    assert reservation.interpreter_language == "ベトナム語"


@pytest.mark.parametrize(("length", "status"), [(1000, 302), (1001, 200)])
def test_the_topic_has_a_thousand_characters_at_most(way, length, status):
    assert way.type(way.hold(START), topic="相" * length).status_code == status


def test_sensitive_matters_need_not_be_written(way):
    page = way.client.get(way.url("details", way.hold(START).number)).content.decode()
    assert "病名・家族・信条などは書かなくてかまいません" in page


# --- Check ---


def test_the_check_page_shows_what_was_typed_with_ways_to_change_it(way):
    held = way.hold(START)
    way.type(held, topic="<script>alert(1)</script>")
    page = way.client.get(way.url("check", held.number)).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert f"{way.url('details', held.number)}#id_topic" in page
    assert "この内容で予約する" in page


def test_the_check_page_cannot_be_reached_without_details(way):
    held = way.hold(START)
    check = way.url("check", held.number)
    assert way.client.get(check).url == way.url("details", held.number)
    assert way.client.post(check).url == way.url("details", held.number)
    assert not Reservation.objects.booked().exists()


def test_details_of_another_service_are_judged_again(way):
    held = way.hold(START)
    way.type(held, seeker_number="")
    change_rules(way.service, seeker_number=Requirement.REQUIRED)
    assert way.client.get(way.url("check", held.number)).url == way.url("details", held.number)


@pytest.mark.requirement("J-08", "J-02", "K-02", "K-06", "H-08", "H-13", "S-15", "S-01")
def test_without_the_ticks_nothing_is_reserved(way):
    held = way.hold(START)
    way.type(held)
    answer = way.confirm(held, agree_to_all=False)
    assert answer.status_code == 200
    assert not any(box.value() for _consent, box in answer.context["form"].asked())
    assert "同意する場合はチェックを入れてください" in answer.content.decode()
    assert not Reservation.objects.booked().exists()


@pytest.mark.requirement("J-08")
def test_the_boxes_for_service_and_software_are_separate_and_kept(way, seeker):
    held = way.hold(START)
    way.type(held)
    boxes = way.client.get(way.url("check", held.number)).context["form"].fields
    assert len(boxes) == 2
    way.client.post(way.url("check", held.number), {next(iter(boxes)): "on"})
    assert not Reservation.objects.booked().exists()
    way.confirm(held)
    documents = {way.service.terms, way.service.software_terms}
    assert documents <= {consent.version.document for consent in Consent.objects.filter(person=seeker)}


def test_what_was_agreed_before_is_not_asked_again(way, seeker):
    agree(seeker, [way.service.terms])
    held = way.hold(START)
    way.type(held)
    page = way.client.get(way.url("check", held.number))
    assert [consent.version.document for consent in page.context["form"].missing] == [way.service.software_terms]


@pytest.mark.requirement("X-02", "J-37")
def test_a_text_replaced_while_the_person_read_it_asks_again(way, seeker):
    held = way.hold(START)
    way.type(held)
    check = way.url("check", held.number)
    ticks = dict.fromkeys(way.client.get(check).context["form"].fields, "on")
    newer = TermsVersionFactory.create(document=way.service.terms, number=2)
    answer = way.seen(way.client.post(check, ticks))
    assert "規約が新しくなりました" in answer.content.decode()
    assert not seeker.consents.filter(version__document=way.service.terms).exists()
    assert not Reservation.objects.booked().exists()
    way.confirm(held)
    assert seeker.consents.filter(version=newer).exists()
    assert Reservation.objects.booked().exists()


# --- When the hold ran out, or the race was lost ---


def test_a_hold_that_ran_out_is_taken_anew_while_the_time_is_free(way, freeze):
    held = way.hold(START)
    way.type(held)
    freeze("2026-06-01 10:11")
    page = way.client.get(way.url("check", held.number)).content.decode()
    assert "押さえておける時間が過ぎました" in page
    way.confirm(held)
    reservation = Reservation.objects.booked().get()
    assert (reservation.starts_at, reservation.status) == (START, ReservationStatus.CONFIRMED)


@pytest.fixture
def lost_race(way, freeze):
    """The hold ran out and others took both places."""
    held = way.hold(START)
    way.type(held, topic="面接の練習")
    freeze("2026-06-01 10:11")
    Reservation.objects.filter(pk=held.pk).update(status=ReservationStatus.EXPIRED)
    for counselor in way.service.counselors.all():
        ReservationFactory.create(service=way.service, counselor=counselor, starts_at=START)
    return held


def test_a_lost_race_shows_just_taken_with_the_nearest_times(way, lost_race):
    page = way.client.get(way.confirm(lost_race).url)
    assert "たったいま埋まりました" in page.content.decode()
    assert len(page.context["times"]) == 3


def test_after_a_lost_race_everything_typed_is_still_there(way, lost_race):
    way.confirm(lost_race)
    other = way.hold(jst(6, 2, 11))
    initial = way.client.get(way.url("details", other.number)).context["form"].initial
    assert {name: initial[name] for name in ("name", "topic")} == {"name": TYPED["name"], "topic": "面接の練習"}
    assert way.client.get(way.url("check", other.number)).status_code == 200


def test_a_hold_given_back_elsewhere_leads_to_the_times_with_the_draft_kept(way):
    first = way.hold(START)
    way.type(first)
    way.hold(jst(6, 2, 11))
    answer = way.client.get(way.url("check", first.number))
    assert answer.url == way.url("times")
    assert way.client.session[KEY]["name"] == TYPED["name"]


def test_the_draft_is_forgotten_once_reserved(way):
    held = way.hold(START)
    way.type(held)
    way.confirm(held)
    assert KEY not in way.client.session


# --- Other people ---


@pytest.mark.parametrize("name", ["details", "check", "done", "release"])
def test_another_persons_hold_does_not_exist(way, client, name, seeker):
    held = way.hold(START)
    stranger = SeekerFactory.create()
    agree(stranger, [consent.version.document for consent in seeker.consents.all()])
    client.force_login(stranger)
    url = reverse(f"booking:{name}", args=[held.number])
    assert client.post(url, TYPED).status_code in ({405} if name == "done" else {404})
    assert name == "release" or client.get(url).status_code == 404
    held.refresh_from_db()
    assert held.status == ReservationStatus.HELD


def test_a_refused_form_is_shown_by_get_so_that_back_never_asks_to_send_it_again(way):
    held = way.hold(START)
    for url, data in [(way.url("details", held.number), {"name": ""}), (way.url("check", held.number), {})]:
        answer = way.client.post(url, data)
        assert answer.url == f"{url}?errors"
        assert "エラー：" in way.client.get(answer.url).content.decode()
        way.type(held)


def test_a_tick_stays_when_the_other_one_is_missing(way):
    held = way.hold(START)
    way.type(held)
    url = way.url("check", held.number)
    first, second = way.client.get(url).context["form"].fields
    form = way.seen(way.client.post(url, {first: "on"})).context["form"]
    assert form[first].value()
    assert not form[second].value()
