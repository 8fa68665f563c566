import pytest

from terms.differences import differences
from terms.markdown import render


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("<script>alert(1)</script>", id="script element"),
        pytest.param("第1条 <img src=x onerror=alert(1)>", id="event handler"),
        pytest.param("<!-- x --><iframe src='//evil.example'></iframe>", id="frame"),
    ],
)
def test_html_in_terms_is_shown_and_not_carried_out(attack: str) -> None:
    html = render(attack)

    assert "&lt;" in html
    assert not any(element in html for element in ("<script", "<img", "<iframe"))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x", "data:text/html,x"])
def test_a_link_cannot_carry_a_script(address: str) -> None:
    assert "<a" not in render(f"[押してください]({address})")


def test_an_image_from_elsewhere_is_not_loaded() -> None:
    assert "<img" not in render("![](https://evil.example/track.png)")


def test_headings_go_below_those_of_the_page() -> None:
    assert render("# 総則\n\n## 第1条", top_heading=3) == "<h3>総則</h3>\n<h4>第1条</h4>\n"


def test_articles_become_headings_and_lists() -> None:
    assert render("# 第1条（目的）\n\n1. 一つ目\n2. 二つ目") == (
        "<h2>第1条（目的）</h2>\n<ol>\n<li>一つ目</li>\n<li>二つ目</li>\n</ol>\n"
    )


def test_equal_texts_have_no_differences() -> None:
    assert differences("一\n\n二", "一\n二\n") == []


def test_a_changed_line_is_shown_removed_and_added_with_its_neighbours() -> None:
    old = "一\n二\n三\n四\n五\n六\n七"
    new = "一\n二\n三だった\n四\n五\n六\n七\n八"

    assert [(line.change.value, line.text) for line in differences(old, new)] == [
        ("same", "二"),
        ("removed", "三"),
        ("added", "三だった"),
        ("same", "四"),
        ("gap", ""),
        ("same", "七"),
        ("added", "八"),
    ]
