"""The table of rows, the marks of the tests, and what `make trace` says about them."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from demo import trace as command
from demo.trace import ROWS, SECTIONS, Row, Trace, collect_marks, page, read_reasons, read_rows, report

KINDS = {"", "–", "E", "D", "P", "E + P", "D + E", "D + P"}


@pytest.fixture(scope="module")
def trace() -> Trace:
    return Trace(read_rows(), collect_marks(), read_reasons())


def test_no_test_names_an_unknown_row(trace: Trace) -> None:
    assert trace.unknown() == []


def test_no_row_with_a_test_is_said_to_have_none(trace: Trace) -> None:
    assert trace.superfluous() == []


def test_a_mark_of_this_very_folder_is_found(trace: Trace) -> None:
    assert "tests/requirements/test_help_page.py::test_the_checklist_before_the_session" in trace.tests["S-14"]


def test_the_four_sections_are_complete() -> None:
    rows = read_rows()

    numbers = [sum(row.section == letter for row in rows) for letter in SECTIONS]
    assert dict(zip(SECTIONS, numbers, strict=True)) == {"J": 40, "K": 40, "H": 41, "S": 47}
    assert len({row.id for row in rows}) == len(rows)
    assert {row.test for row in rows} <= KINDS


def test_the_table_can_be_read_by_a_spreadsheet() -> None:
    with ROWS.open(encoding="utf-8", newline="") as file:
        assert {len(line) for line in csv.reader(file)} == {len(Row._fields)}


ROW = Row("J-01", "規約", "第1条", "user", "Books a session.", "30 min", "E")


def small_trace(tests: dict[str, list[str]], excused: dict[str, str] | None = None) -> Trace:
    rows = [ROW, *(ROW._replace(id=f"{letter}-01") for letter in SECTIONS[1:])]
    covered = {row.id: ["tests/test_other.py::test_it"] for row in rows[1:]}
    return Trace(rows, covered | tests, excused or {})


def test_a_row_without_a_test_is_missing() -> None:
    trace = small_trace({})

    assert trace.missing("J") == [ROW]
    assert "J  規約: 0 of 1 rows covered, 1 missing" in report(trace)
    assert "| J-01 | 第1条 | Books a session. [30 min] | E | **missing** |" in page(trace)


def test_a_row_with_a_test_is_covered() -> None:
    trace = small_trace({"J-01": ["tests/test_x.py::test_a", "tests/test_x.py::test_b"]})

    assert trace.missing("J") == []
    assert "| `tests/test_x.py::test_a`<br>`tests/test_x.py::test_b` |" in page(trace)


def test_a_row_with_a_reason_is_not_missing() -> None:
    trace = small_trace({}, {"J-01": "nothing to carry out"})

    assert trace.missing("J") == []
    assert "| none: nothing to carry out |" in page(trace)


def test_an_unknown_id_is_named() -> None:
    trace = small_trace({"J-99": ["tests/test_x.py::test_a"]}, {"K-98": "why not"})

    assert trace.unknown() == ["J-99", "K-98"]
    assert "Unknown rows: J-99, K-98" in report(trace)


Given = Callable[[Trace], Path]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Given:
    """`given(trace)`: what the command finds; returns the page that it writes."""

    def find(trace: Trace) -> Path:
        monkeypatch.setattr(command, "read_trace", lambda: trace)
        monkeypatch.setattr(command, "REPOSITORY", tmp_path)
        monkeypatch.setattr(command, "PAGE", tmp_path / "trace.md")
        return tmp_path / "trace.md"

    return find


def test_the_command_writes_the_page_and_fails_while_a_row_is_missing(given: Given) -> None:
    written = given(small_trace({}))

    assert command.main([]) == 1
    assert written.read_text() == page(small_trace({}))

    given(small_trace({"J-01": ["tests/test_x.py::test_a"]}))
    assert command.main([]) == 0


def test_the_check_passes_on_the_written_page_and_not_on_an_older_one(given: Given) -> None:
    written = given(small_trace({}))
    command.main([])
    assert command.main(["--check"]) == 0

    given(small_trace({"J-01": ["tests/test_x.py::test_a"]}))
    before = written.read_text()
    assert command.main(["--check"]) == 1
    assert written.read_text() == before


def test_the_check_fails_on_an_unknown_row_even_when_the_page_says_the_same(given: Given) -> None:
    given(small_trace({"J-99": ["tests/test_x.py::test_a"]}))
    command.main([])

    assert command.main(["--check"]) == 1
