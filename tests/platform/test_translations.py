import gettext

import pytest

from demo.prepare import compile_translations

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "予約する"
msgstr "Book"

#, fuzzy
msgid "取り消す"
msgstr "Guess"
"""


@pytest.fixture
def catalog(tmp_path):
    source = tmp_path / "en" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO, encoding="utf-8")
    compile_translations(tmp_path)
    return gettext.translation("django", tmp_path, ["en"])


def test_a_translation_is_compiled_without_system_gettext(catalog):
    assert catalog.gettext("予約する") == "Book"


def test_a_guess_marked_fuzzy_is_left_out(catalog):
    assert catalog.gettext("取り消す") == "取り消す"


def test_a_folder_without_translations_is_fine(tmp_path):
    assert compile_translations(tmp_path) == 0
