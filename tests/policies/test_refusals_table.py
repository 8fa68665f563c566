"""Every refusal is in one table: its code, a sentence that says how to go on, the rule behind it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from booking.refusals import CHANGES, LINKS, PEOPLE, REFUSALS, SAMPLE_FACTS, SESSION, TIMES, WAYS, sample_sentence
from tests.staff.conftest import World

BOOKING = Path(__file__).resolve().parents[2] / "booking"
TABLE = BOOKING / "refusals"
FACT = re.compile(r"%\((\w+)\)")
OF_OFFICE = {"contact", "mail"}
WAY_ON = re.compile(r"ください|いただけます|お越し|お待ち|お返事|お取り")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(BOOKING.rglob("*.py")):
        if TABLE not in path.parents and "migrations" not in path.parts:
            yield str(path.relative_to(BOOKING)), ast.parse(path.read_text())


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
            yield node


def strings(node: ast.AST) -> set[str]:
    return {leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}


RAISED = [
    pytest.param(call, id=f"{name}:{call.lineno}")
    for name, tree in modules()
    for call in calls(tree, "refusal", "Reason")
    if call.args and strings(call.args[0])
]


@pytest.mark.parametrize("call", RAISED)
def test_what_is_raised_is_in_the_table_and_brings_its_facts(call: ast.Call) -> None:
    facts = {keyword.arg for keyword in call.keywords if keyword.arg}
    if getattr(call.func, "id", "") == "Reason":
        facts = (
            {key.value for key in call.args[1].keys} if call.args[1:] and isinstance(call.args[1], ast.Dict) else set()
        )
        facts.add("office")
    has_more = any(keyword.arg is None for keyword in call.keywords)
    named = {leaf.value for leaf in ast.walk(call.args[0]) if isinstance(leaf, ast.Constant)}
    for code in named & set(REFUSALS) or named:
        assert code in REFUSALS
        wanted = {"office" if fact in OF_OFFICE else fact for fact in FACT.findall(str(REFUSALS[code].sentence))}
        assert has_more or wanted <= facts


def test_the_scan_finds_what_is_raised() -> None:
    assert len(RAISED) > 40
    [call] = calls(ast.parse('raise refusal("a" if x else "b", office=o)'), "refusal")
    assert strings(call.args[0]) == {"a", "b"}


def test_nobody_writes_a_refusal_beside_the_table() -> None:
    found = [name for name, tree in modules() for _call in calls(tree, "BookingError", "SlotTaken")]
    assert found == []


def test_no_code_of_the_table_is_unused() -> None:
    used = set().union(*(strings(tree) for _name, tree in modules()))
    assert set(REFUSALS) - used == set()


@pytest.mark.parametrize("code", REFUSALS)
def test_every_sentence_is_whole_and_ends_with_a_way_on(code: str) -> None:
    sentence = sample_sentence(code)
    assert "%" not in sentence
    assert WAY_ON.search(sentence), sentence
    assert sentence.endswith(("。", str(SAMPLE_FACTS["contact"])))
    assert str(REFUSALS[code].rule).endswith("。")


@pytest.mark.parametrize("role", ["reception", "counselor", "manager", "national"])
def test_support_staff_find_every_code_on_one_page(world: World, client_of, role: str) -> None:
    html = client_of(getattr(world, role)).get("/admin/refusals/").content.decode()
    for code, known in REFUSALS.items():
        assert f'<tr id="{code}">' in html
        assert all(row in html for row in known.rows)
    assert "1週間（月曜から日曜）の予約は2件までです。" in html


def test_the_first_page_of_the_staff_leads_there(world: World, client_of) -> None:
    html = client_of(world.reception).get("/admin/").content.decode()
    assert 'href="/admin/refusals/"' in html
    assert 'href="/admin/time-machine/"' in html


def test_nobody_else_reads_it(client: Client, world: World) -> None:
    assert client.get("/admin/refusals/").status_code == 302


def test_no_code_stands_in_two_parts_of_the_table() -> None:
    parts = [TIMES, PEOPLE, WAYS, CHANGES, SESSION, LINKS]
    assert sum(len(part) for part in parts) == len(REFUSALS)
