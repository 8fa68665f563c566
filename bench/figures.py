"""What a measurement hands on: medians of repeated measurements, and whether a goal was met."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. `goal` reads like `<= 80`; `None` where the issue names no goal."""

    part: str
    name: str
    value: float
    unit: str
    p95: float | None = None
    goal: str | None = None

    @property
    def is_met(self) -> bool | None:
        if self.goal is None:
            return None
        relation, bound = self.goal.split()
        return {"<=": self.value <= float(bound), "<": self.value < float(bound), ">=": self.value >= float(bound)}[
            relation
        ]


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def milliseconds(part: str, name: str, seconds: Sequence[float], *, goal: str | None = None) -> Figure:
    values = [value * 1000 for value in seconds]
    return Figure(part=part, name=name, value=median(values), p95=p95(values), unit="ms", goal=goal)


def growth(part: str, name: str, *, few: Sequence[float], many: Sequence[float]) -> Figure:
    return Figure(
        part=part, name=f"{name}: 100 times more past rows", value=median(many) / median(few), unit="x", goal="<= 1.2"
    )
