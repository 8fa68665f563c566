"""What the mails of this story say, as people read them."""

from datetime import date

import pytest

from booking.enums import Ground
from booking.flows.no_show import decide_no_show, mark_office_absent
from booking.flows.restrict import restrict
from booking.mails.consequences import default_text
from mailing.models import OutgoingMail
from mailing.sending import send
from tests.factories import NOW, jst
from tests.mailing.arrived import text_of
from tests.staff.conftest import World

DUE = jst(6, 2, 10, 10)


@pytest.mark.requirement("K-24", "H-27", "S-35")
@pytest.mark.parametrize("was_no_show", [True, False])
def test_the_office_apologises_and_tells_how_to_book_again(world: World, smtp_server, was_no_show: bool) -> None:
    if was_no_show:
        decide_no_show(world.reservation, by=world.counselor, reason="来なかった", now=DUE)
    mark_office_absent(world.reservation, by=world.counselor, reason="停電", now=DUE)
    send(OutgoingMail.objects.get(kind="office_absent").pk, now=DUE)
    text = text_of(smtp_server.messages[-1])
    assert "申し訳ありません" in text
    assert world.office.phone in text
    assert "あらためての予約は、こちらからどうぞ" in text
    assert "停電" not in text
    assert ("「参加なし」とお知らせしたことは、取り消します" in text) is was_no_show


@pytest.mark.requirement("K-25", "J-35")
def test_the_mail_of_a_restriction_reads_like_this(world: World, smtp_server) -> None:
    ground = Ground.REGISTRATION_TO_CHECK
    text = default_text(world.office, ground=ground)
    restrict(
        world.reservation.seeker,
        office=world.office,
        ground=ground,
        reason="x",
        text=text,
        ends_on=date(2026, 7, 1),
        by=world.manager,
        now=NOW,
    )
    send(OutgoingMail.objects.get(kind="restricted").pk, now=NOW)
    sent = text_of(smtp_server.messages[-1])
    lines = [line for line in sent.splitlines() if line]
    assert lines[0] == f"{world.reservation.seeker.name} 様"
    assert "窓口で登録内容の確認をお願いします。" in sent.replace("\n", "")
    assert "2026年7月1日(水)まで" in lines
    assert world.office.phone in sent


def test_what_turned_out_to_be_no_no_show_is_not_told_any_more(world: World, smtp_server) -> None:
    decide_no_show(world.reservation, by=world.counselor, reason="来なかった", now=DUE)
    mark_office_absent(world.reservation, by=world.counselor, reason="停電", now=DUE)
    send(OutgoingMail.objects.get(kind="no_show").pk, now=DUE)
    assert not smtp_server.messages
