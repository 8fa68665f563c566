"""A text without a composer, or half a text, is found when the portal starts."""

import pytest

from mailing.checks import every_text_has_a_composer, mail_texts
from mailing.composers import composer, kinds


@pytest.fixture
def folder(settings, tmp_path):
    mails = tmp_path / "booking" / "mail"
    mails.mkdir(parents=True)
    template = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**template, "DIRS": [*template["DIRS"], tmp_path]}]
    return mails


def found() -> list[str]:
    return [message.id for message in every_text_has_a_composer(None)]


def test_the_mails_of_the_portal_are_complete():
    assert found() == []


def test_every_kind_that_is_composed_has_its_text():
    assert mail_texts(".body.txt") == kinds() - {"note"}


def test_a_text_that_nobody_composes_is_an_error(folder):
    for half in ("subject", "body"):
        (folder / f"orphan.{half}.txt").write_text("…")
    assert found() == ["mailing.E001"]


def test_a_subject_without_a_body_is_an_error(folder):
    (folder / "half.body.txt").write_text("…")
    assert found() == ["mailing.E002"]


def test_two_composers_for_one_kind_are_refused():
    kind = next(iter(kinds()))
    with pytest.raises(ValueError, match="two composers"):
        composer(kind)(lambda mail, *, now: None)
