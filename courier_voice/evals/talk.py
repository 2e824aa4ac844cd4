"""Talk that is not for the assistant: lines under ``# domain`` headings, and how often they were taken for commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from courier_voice.core.errors import SettingsError
from courier_voice.evals.sets import understood
from courier_voice.evals.summary import percentiles
from courier_voice.nlu.cascade import Cascade

Item = Mapping[str, Any]
Row = dict[str, Any]
HEADING: Final = "# "
REMARK: Final = "## "
STEERING: Final = frozenset(["confirm", "cancel", "repeat", "help", "correct"])
"""Intents that start nothing by themselves: with nothing waiting they are answered, or do nothing."""


def read_talk(file: Path) -> list[Item]:
    """The lines of a set with their domains; ``##`` begins a remark. Raises SettingsError naming the line."""
    items: list[Item] = []
    domain = ""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        said = line.strip()
        if said.startswith(HEADING):
            domain = said.removeprefix(HEADING)
        elif said and not said.startswith(REMARK):
            if not domain:
                raise SettingsError(f"{file.name}, line {number}: write a heading `# domain` before the first line")
            items.append({"id": f"{file.stem}-{number:04}", "text": said, "domain": domain})
    return items


def talk_row(item: Item, nlu: Cascade) -> Row:
    """One line through understanding; right is what was taken for no command."""
    read = understood(item["text"], nlu)
    intent = read["said"][0]["intent"]
    return {**item, "right": intent == "none", "intent": intent, **read}


def talk_summary(rows: Sequence[Item]) -> Row:
    """``false_actions`` are lines taken for any intent but ``none``, ``false_commands`` those taken for more than a
    control word. Latencies of each route in ms, with this thread's CPU time beside."""
    wrong = [row for row in rows if not row["right"]]
    routes = sorted({row["route"] for row in rows})
    domains = dict.fromkeys(row["domain"] for row in rows)
    per_domain = {domain: [row["right"] for row in rows if row["domain"] == domain] for domain in domains}
    return {
        "lines": len(rows),
        "false_actions": len(wrong),
        "false_action_rate": round(len(wrong) / max(1, len(rows)), 4),
        "false_commands": sum(row["intent"] not in STEERING for row in wrong),
        "by_intent": dict(Counter(row["intent"] for row in wrong).most_common()),
        "by_route": {route: sum(row["route"] == route for row in wrong) for route in routes},
        "by_domain": {domain: [right.count(False), len(right)] for domain, right in per_domain.items()},
        "route_ms": route_ms(rows),
    }


def route_ms(rows: Sequence[Item]) -> Row:
    """Of each route how many rows went by it, and their ms: p50 and p95."""
    found = {}
    for route in sorted({row["route"] for row in rows}):
        mine = [row for row in rows if row["route"] == route]
        found[route] = {"rows": len(mine), **percentiles([row["ms"] for row in mine])}
        if all("cpu_ms" in row for row in mine):
            cpu = percentiles([row["cpu_ms"] for row in mine])
            found[route] |= {f"cpu_{name}": value for name, value in cpu.items()}
    return found
