"""What changed between two texts, line by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum


class Change(Enum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    GAP = "gap"


@dataclass(frozen=True)
class Line:
    change: Change
    text: str = ""

    @property
    def is_removed(self) -> bool:
        return self.change is Change.REMOVED

    @property
    def is_added(self) -> bool:
        return self.change is Change.ADDED

    @property
    def is_gap(self) -> bool:
        return self.change is Change.GAP


def differences(old: str, new: str) -> list[Line]:
    """Removed and added lines with one line of context; a GAP stands for unchanged lines left out. Empty if equal."""
    old_lines, new_lines = written_lines(old), written_lines(new)
    matcher = SequenceMatcher(a=old_lines, b=new_lines, autojunk=False)
    lines: list[Line] = []
    for number, group in enumerate(matcher.get_grouped_opcodes(n=1)):
        if number:
            lines.append(Line(Change.GAP))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines.extend(as_lines(Change.SAME, old_lines[old_from:old_to]))
            else:
                lines.extend(as_lines(Change.REMOVED, old_lines[old_from:old_to]))
                lines.extend(as_lines(Change.ADDED, new_lines[new_from:new_to]))
    return lines


def written_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def as_lines(change: Change, texts: list[str]) -> Iterator[Line]:
    return (Line(change, text) for text in texts)
