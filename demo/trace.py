"""`make trace`: which test carries out which row of docs/requirements.csv; writes docs/requirements-trace.md.

Exit code 1 when a row has neither a test nor a reason, or when a test names an unknown row. With `--check` nothing is
written, and the exit code says whether the ids are right and the written page is what would be written. Needs no server:
the tests are collected, not run.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from demo.addresses import REPOSITORY
from demo.trace_marks import MARKS_FILE

ROWS = REPOSITORY / "docs" / "requirements.csv"
WITHOUT_TEST = REPOSITORY / "docs" / "requirements-without-test.csv"
PAGE = REPOSITORY / "docs" / "requirements-trace.md"
SECTIONS = "JKHS"
"""Whose rows must be covered, by the letter of their ids. Others may be named."""
NOBODY_CONNECTS = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}

INTRODUCTION = """\
# Requirements and their tests

Written by `make trace` from [requirements.csv](requirements.csv) and the marks of the tests
(`@pytest.mark.requirement("K-24")`); not edited by hand. Kind: E = the software enforces or produces it, D = a text that
is shown, P = a decision of people that the software supports and records. How the articles of each office become data:
[offices/](offices/README.md).
"""

Tests = Mapping[str, list[str]]


class CollectionError(Exception):
    """pytest could not read the tests."""


class Row(NamedTuple):
    id: str
    document: str
    article: str
    who: str
    requirement: str
    value: str
    test: str

    @property
    def section(self) -> str:
        return self.id[0]

    @property
    def words(self) -> str:
        return f"{self.requirement} [{self.value}]" if self.value else self.requirement


class Trace(NamedTuple):
    rows: list[Row]
    tests: Tests
    excused: Mapping[str, str]

    def section(self, letter: str) -> list[Row]:
        return [row for row in self.rows if row.section == letter]

    def covered(self, letter: str) -> list[Row]:
        return [row for row in self.section(letter) if row.id in self.tests]

    def missing(self, letter: str) -> list[Row]:
        return [row for row in self.section(letter) if row.id not in self.tests and row.id not in self.excused]

    def unknown(self) -> list[str]:
        """Ids without a row, in the marks of tests or in the table of reasons."""
        return sorted({*self.tests, *self.excused} - {row.id for row in self.rows})

    def superfluous(self) -> list[str]:
        """Rows with a reason to have no test that have one."""
        return sorted(self.excused.keys() & self.tests.keys())

    def others(self) -> list[Row]:
        """Rows outside the sections that a test names."""
        return [row for row in self.rows if row.section not in SECTIONS and row.id in self.tests]


def read_rows() -> list[Row]:
    with ROWS.open(encoding="utf-8", newline="") as file:
        return [Row(**line) for line in csv.DictReader(file)]


def read_reasons() -> dict[str, str]:
    with WITHOUT_TEST.open(encoding="utf-8", newline="") as file:
        return {line["id"]: line["why"] for line in csv.DictReader(file)}


def collect_marks() -> dict[str, list[str]]:
    """The tests of each row as `file::name`. A process of its own: also a test may ask."""
    with tempfile.TemporaryDirectory() as folder:
        marks = Path(folder) / "marks.json"
        plugins = ["-p", "demo.trace_marks", "-p", "no:syrupy"]  # syrupy misses the snapshots of tests that do not run
        command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "--tb=short", *plugins, "tests"]
        result = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**NOBODY_CONNECTS, **os.environ, MARKS_FILE: str(marks), "REQUIRE_BROWSER": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode:
            counts, errors, details = result.stdout.partition("= ERRORS =")
            raise CollectionError(errors + details or counts)
        found: dict[str, list[str]] = json.loads(marks.read_text(encoding="utf-8"))
    return found


def read_trace() -> Trace:
    return Trace(read_rows(), collect_marks(), read_reasons())


def report(trace: Trace) -> list[str]:
    """What the command prints: figures of each section, then ids that need somebody's attention."""
    lines = []
    for letter in SECTIONS:
        section, covered, missing = trace.section(letter), trace.covered(letter), trace.missing(letter)
        lines.append(
            f"{letter}  {section[0].document}: {len(covered)} of {len(section)} rows covered, {len(missing)} missing"
        )
        lines += [f"   {row.id}  {row.test:6} {row.requirement}" for row in missing]
    for title, ids in (("Unknown rows", trace.unknown()), ("Excused, but tested", trace.superfluous())):
        if ids:
            lines.append(f"{title}: {', '.join(ids)}")
    return lines


def page(trace: Trace) -> str:
    sections = [trace.section(letter) for letter in SECTIONS]
    parts = [INTRODUCTION, summary(trace)]
    parts += [f"## {rows[0].document}\n\n{table(rows, trace)}" for rows in sections]
    if trace.others():
        parts.append(f"## Further rows that tests name\n\n{table(trace.others(), trace)}")
    return "\n".join(parts)


def summary(trace: Trace) -> str:
    lines = ["| Document | Rows | With tests | Without, with reason | Missing |", "| --- | --- | --- | --- | --- |"]
    for letter in SECTIONS:
        section, covered, missing = trace.section(letter), trace.covered(letter), trace.missing(letter)
        excused = len(section) - len(covered) - len(missing)
        lines.append(f"| {section[0].document} | {len(section)} | {len(covered)} | {excused} | {len(missing)} |")
    return "\n".join(lines) + "\n"


def table(rows: Iterable[Row], trace: Trace) -> str:
    lines = ["| Row | Article | Requirement | Kind | Tests |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        tests = "<br>".join(f"`{test}`" for test in trace.tests.get(row.id, []))
        why = f"none: {trace.excused[row.id]}" if row.id in trace.excused else "**missing**"
        lines.append(f"| {row.id} | {row.article} | {row.words} | {row.test} | {tests or why} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    try:
        trace = read_trace()
    except CollectionError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(report(trace)))
    wrong = bool(trace.unknown() or trace.superfluous())
    if "--check" not in arguments:
        PAGE.write_text(page(trace), encoding="utf-8")
        return int(wrong or any(trace.missing(letter) for letter in SECTIONS))
    if PAGE.read_text(encoding="utf-8") != page(trace):
        print(f"{PAGE.relative_to(REPOSITORY)} is out of date: make trace", file=sys.stderr)
        wrong = True
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
