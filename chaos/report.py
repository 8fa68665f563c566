"""The table of a run."""

from collections.abc import Iterable, Iterator

from chaos.judge import DOUBLED_AND_EXPLAINED, FIGURES, Finding, counts
from chaos.phase import Result

SHOWN_OF_EACH = 5


def wrong(result: Result) -> list[str]:
    """The names of the figures that are not 0."""
    figures = counts(result.findings)
    return [name for name in FIGURES if figures[name]]


def as_table(with_recovery: Result | None, without: Result | None) -> str:
    return "\n".join(_lines(with_recovery, without))


def _lines(with_recovery: Result | None, without: Result | None) -> Iterator[str]:
    phases = [phase for phase in (with_recovery, without) if phase is not None]
    heads = [head for head, phase in (("with", with_recovery), ("without", without)) if phase is not None]
    yield f"{'':82}" + "".join(f"{head:>10}" for head in heads)
    for name, text in FIGURES.items():
        yield _line(text, [counts(phase.findings)[name] for phase in phases])
    apart = "mails that SMTP accepted before the sender died, sent again (explained)"
    yield _line(apart, [counts(phase.findings)[DOUBLED_AND_EXPLAINED] for phase in phases])
    healed = [phase.healed_in for phase in phases]
    yield _line("seconds until everything was healed", ["never" if time is None else f"{time:.0f}" for time in healed])
    yield ""
    yield _line("found by the sweep, beside what was planted", [len(phase.before_the_sweep) for phase in phases])
    yield _line("reservations", [len(phase.facts.booked) for phase in phases])
    yield _line("of them live at the end", [sum(row.is_live for row in phase.facts.booked) for phase in phases])
    yield _line("times moved", [sum(row.sequence for row in phase.facts.booked) for phase in phases])
    yield _line("mails delivered", [len(phase.facts.deliveries) for phase in phases])
    yield _line("reminders delivered", [_reminders(phase) for phase in phases])
    yield _line("requests refused; broken off", [f"{phase.refused}; {phase.broken}" for phase in phases])
    yield _line("processes killed", [len(phase.kills) for phase in phases])
    for point in phases[0].fired:
        yield _line(f"  {point}", [phase.fired[point] for phase in phases])


def _line(text: str, values: list[object]) -> str:
    return f"{text:82}" + "".join(f"{value!s:>10}" for value in values)


def _reminders(result: Result) -> int:
    ids = {mail.message_id for mail in result.facts.mails if mail.kind.startswith("reminder")}
    return sum(delivery.message_id in ids for delivery in result.facts.deliveries)


def details(findings: Iterable[Finding]) -> str:
    lines = []
    for name in FIGURES:
        of_this = [finding.what for finding in findings if finding.figure == name]
        lines += [f"  {name}: {what}" for what in of_this[:SHOWN_OF_EACH]]
        if len(of_this) > SHOWN_OF_EACH:
            lines.append(f"  {name}: and {len(of_this) - SHOWN_OF_EACH} more")
    return "\n".join(lines)
