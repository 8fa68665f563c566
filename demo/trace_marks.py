"""Plugin of pytest for `make trace`: writes which test names which row, at collection, before anything is left out."""

import json
import os
from pathlib import Path

import pytest

MARKS_FILE = "TRACE_MARKS_FILE"
found: dict[str, set[str]] = {}


def pytest_itemcollected(item: pytest.Item) -> None:
    """A mark of one case of a parametrised test names that case, any other one the test."""
    callspec = getattr(item, "callspec", None)
    of_this_case = [mark for mark in callspec.marks if mark.name == "requirement"] if callspec else []
    for mark in item.iter_markers("requirement"):
        test = item.nodeid if mark in of_this_case else item.nodeid.partition("[")[0]
        for row in mark.args:
            found.setdefault(row, set()).add(test)


def pytest_sessionfinish() -> None:
    tests = {row: sorted(tests) for row, tests in found.items()}
    Path(os.environ[MARKS_FILE]).write_text(json.dumps(tests), encoding="utf-8")
