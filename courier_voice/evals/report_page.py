"""A report as one page: no file beside it, nothing from elsewhere, legible on a telephone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from courier_voice.evals.report import at

PAGE: Final = "report.html.j2"
_MS: Final = frozenset(["p50", "p95", "cpu_p50", "cpu_p95", "p50_ms"])
"""Names of figures in milliseconds; any other float is a share."""
_PER_DECADE: Final = 75.0
_LEAST_MS: Final = 0.1


def page(report: Mapping[str, Any]) -> str:
    """The HTML of a report. Every figure stands in an element whose ``data-key`` is its dotted key in the JSON."""

    def cell(key: str) -> Markup:
        return Markup('<span data-key="{}">{}</span>').format(key, shown(key, at(report, key)))

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {"cell": cell, "along": along, "shown": shown}
    template = environment.from_string(files("courier_voice.evals").joinpath(PAGE).read_text("utf-8"))
    return template.render(report=report)


def shown(key: str, value: Any) -> str:
    """A figure in words: shares in percent, times in ms, counts as they are, a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return " / ".join(str(one) for one in value)
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    if key.rpartition(".")[2] in _MS:
        return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"
    return f"{value:.2%}"


def along(ms: float) -> float:
    """How far along a logarithmic axis from 0.1 ms on a time lies, in units of the picture."""
    return round(_PER_DECADE * math.log10(max(ms, _LEAST_MS) / _LEAST_MS), 1)
