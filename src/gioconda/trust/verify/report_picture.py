"""A report as a picture, drawn by matplotlib."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from gioconda.trust.verify.finding import Finding
from gioconda.trust.verify.report_content import (
    FOOT,
    HEADLINES,
    TONES,
    has_timeline,
    of_file,
    sections,
    times,
)
from gioconda.trust.verify.report_page import COLOURS, FULL_Z, NAMES
from gioconda.trust.verify.text_fitting import fitted
from gioconda.trust.verify.words import clock

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INK, _MUTED, _LINE, _PAPER = "#2a2017", "#6b5a46", "#ddcfb9", "#fffdf8"
_TONES: Final = {"mark": "#8a5415", "warn": "#a33a1c", "quiet": "#6b5a46"}
_DPI: Final = 150
_WIDTH_IN: Final = 8.0
_MARGIN_IN: Final = 0.5
_TEXT_IN: Final = _WIDTH_IN - 2 * _MARGIN_IN
#: Size of facts, in points, and of a line of them.
_FACT: Final = 8.5
_FACT_IN: Final = 0.175
_NAME_LINES: Final = 2
_VALUE_LINES: Final = 3
_VALUE_AT_IN: Final = 1.55
#: Air between names and values.
_GAP_IN: Final = 0.12
_HEADLINE: Final = 21
_TIMELINE_IN: Final = 1.05


class _Sheet:
    """Text from the top down; the height is known when everything was said."""

    def __init__(self) -> None:
        self.items: list[tuple[float, float, str, dict[str, Any]]] = []
        self.rules: list[tuple[float, str, float, float]] = []
        self.timeline_at: float | None = None
        self.y = _MARGIN_IN

    def text(self, words: str, size: float, x: float = 0.0, **style: Any) -> None:
        """Write one line at the present height."""
        self.items.append((_MARGIN_IN + x, self.y, words, {"fontsize": size, **style}))

    def paragraph(self, words: str, size: float = 10, x: float = 0.0, **style: Any) -> None:
        """Write lines, and go on below them."""
        family = style.get("family", "sans-serif")
        for line in fitted(words, _TEXT_IN - x, size, family=family):
            self.text(line, size, x, **style)
            self.y += size / 72 * 1.5

    def facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """Write names and values in two columns."""
        for name, value in facts:
            names = fitted(name, _VALUE_AT_IN - _GAP_IN, _FACT, _NAME_LINES)
            values = fitted(value, _TEXT_IN - _VALUE_AT_IN, _FACT, _VALUE_LINES)
            for left, right in zip_longest(names, values, fillvalue=""):
                self.text(left, _FACT, color=_MUTED)
                self.text(right, _FACT, _VALUE_AT_IN, color=_INK)
                self.y += _FACT_IN

    def rule(self) -> None:
        """Draw a line across, with some air."""
        self.y += 0.12
        self.rules.append((self.y, _LINE, _MARGIN_IN, _WIDTH_IN - _MARGIN_IN))
        self.y += 0.2


def write_picture(finding: Finding, file: BinaryIO) -> None:
    """Write a finding as a PNG."""
    sheet = _written(finding)
    figure = _figure(sheet, finding)
    figure.savefig(file, format="png", dpi=_DPI, facecolor=_PAPER)


def _written(finding: Finding) -> _Sheet:
    sheet = _Sheet()
    code = finding.verdict.code
    name = textwrap.shorten(finding.file.name or "a file", 70, placeholder="…")
    sheet.paragraph(f"What can be known of {name}", 9.5, color=_MUTED)
    sheet.y += 0.1
    sheet.paragraph(HEADLINES[code], _HEADLINE, family="serif", color=_TONES[TONES[code]])
    sheet.paragraph(finding.verdict.sentence, 10.5)
    for detail in finding.verdict.details:
        sheet.paragraph(detail, 9.5, color=_MUTED)
    for section in sections(finding):
        sheet.rule()
        sheet.text(section.heading, 12.5, family="serif")
        sheet.text(section.state, 10.5, _VALUE_AT_IN, color=_TONES[section.tone], weight="bold")
        sheet.y += 0.27
        sheet.paragraph(section.sentence)
        if section.heading == "Watermark" and has_timeline(finding):
            sheet.timeline_at = sheet.y
            sheet.y += _TIMELINE_IN + 0.46
        sheet.y += 0.03
        sheet.facts(section.facts)
    sheet.rule()
    sheet.text("The file", 12.5, family="serif")
    sheet.y += 0.27
    sheet.facts(of_file(finding))
    sheet.rule()
    sheet.paragraph(FOOT, 8.5, color=_MUTED)
    return sheet


def _figure(sheet: _Sheet, finding: Finding) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    height = sheet.y + _MARGIN_IN
    figure = Figure(figsize=(_WIDTH_IN, height))
    FigureCanvasAgg(figure)
    for x, y, words, style in sheet.items:
        # What a stranger wrote is no formula.
        figure.text(
            x / _WIDTH_IN, 1 - y / height, words, va="top", parse_math=False,
            **{"color": _INK, **style},
        )  # fmt: skip
    for y, colour, left, right in sheet.rules:
        ends = [left / _WIDTH_IN, right / _WIDTH_IN]
        figure.add_artist(Line2D(ends, [1 - y / height] * 2, color=colour, linewidth=0.8))
    if sheet.timeline_at is not None:
        _timeline(figure, finding, sheet.timeline_at, height)
    return figure


def _timeline(figure: Figure, finding: Finding, top: float, height: float) -> None:
    stretches = finding.watermark.stretches
    end_s = max(stretches[-1].end_s, finding.file.length_s or 0.0)
    wide = _WIDTH_IN - 2 * _MARGIN_IN
    axes = figure.add_axes(
        (_MARGIN_IN / _WIDTH_IN, 1 - (top + _TIMELINE_IN) / height, wide / _WIDTH_IN,
         (_TIMELINE_IN - 0.3) / height),
        facecolor="#f7f1e6",
    )  # fmt: skip
    seen = set()
    for each in stretches:
        share = min(max(each.z / FULL_Z, 0.06), 1.0)
        label = None if each.status in seen else NAMES.get(each.status)
        seen.add(each.status)
        axes.bar(
            each.start_s, share, max(each.end_s - each.start_s, end_s / 800), align="edge",
            color=COLOURS[each.status], label=label,
        )  # fmt: skip
    axes.set_xlim(0, end_s)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    ticks = times(end_s)
    axes.set_xticks(ticks, [clock(t) for t in ticks], fontsize=8, color=_MUTED)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#a08c6f")
    axes.tick_params(axis="x", color="#a08c6f")
    axes.legend(
        loc="upper left", bbox_to_anchor=(0, -0.32), ncols=3, frameon=False, fontsize=8,
        labelcolor=_MUTED, borderaxespad=0, handlelength=1, handleheight=0.9,
    )  # fmt: skip
