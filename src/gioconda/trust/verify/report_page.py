"""A report as one HTML file: nothing is loaded from anywhere, and no script runs."""

from __future__ import annotations

from html import escape
from typing import Final

from gioconda.trust.verify.finding import Finding
from gioconda.trust.verify.report_content import (
    FOOT,
    HEADLINES,
    TONES,
    Section,
    has_timeline,
    of_file,
    sections,
    times,
)
from gioconda.trust.verify.words import clock

_STYLE: Final = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4ede1; color: #2a2017; line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 32px 28px 40px; background: #fffdf8;
  min-height: 100vh; }
h1, h2 { font-family: ui-serif, "Iowan Old Style", Palatino, Georgia, serif; font-weight: 500;
  margin: 0; }
h1 { font-size: 1.9rem; line-height: 1.2; }
h2 { font-size: 1.15rem; }
p { margin: 0 0 8px; }
.kicker { color: #6b5a46; margin-bottom: 6px; }
.verdict { border-left: 6px solid #a08c6f; padding: 4px 0 4px 18px; margin: 0 0 24px; }
.verdict.mark { border-color: #8a5415; } .verdict.warn { border-color: #a33a1c; }
.verdict p { margin: 8px 0 0; } .verdict .detail { color: #6b5a46; }
section { border-top: 1px solid #ddcfb9; padding: 16px 0; }
.head { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; margin-bottom: 6px; }
.state { font-weight: 600; color: #6b5a46; }
.mark .state { color: #8a5415; } .warn .state { color: #a33a1c; }
dl { display: grid; grid-template-columns: minmax(7em, max-content) minmax(0, 1fr);
  gap: 2px 18px; margin: 8px 0 0; font-size: 0.9rem; }
dt { color: #6b5a46; } dd { margin: 0; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; margin: 10px 0 2px; }
svg text { font: 13px system-ui, sans-serif; fill: #6b5a46; }
.key { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 0.85rem; color: #6b5a46; }
.key i { display: inline-block; width: 12px; height: 12px; margin-right: 6px; }
.foot { color: #6b5a46; font-size: 0.85rem; border-top: 1px solid #ddcfb9; padding-top: 14px; }
@media (max-width: 520px) {
  main { padding: 22px 16px; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; }
  svg text { font-size: 24px; }
}
@media print { body, main { background: #fff; } main { padding: 0; }
  section { break-inside: avoid; } * { print-color-adjust: exact; } }
"""
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
COLOURS: Final = {
    "detected": "#8a5415", "inconclusive": "#d8b16a", "not_detected": "#b3a58f",
    "not_looked_for": "#ffffff",
}  # fmt: skip
NAMES: Final = {
    "detected": "watermark detected", "inconclusive": "inconclusive", "not_detected": "no mark",
}  # fmt: skip
#: Strength at which a bar is full, in standard deviations.
FULL_Z: Final = 30.0
_WIDTH, _HEIGHT, _TOP = 800.0, 110.0, 6.0


def page_of(finding: Finding) -> str:
    """Return a finding as an HTML document."""
    code = finding.verdict.code
    details = "".join(f'<p class="detail">{escape(d)}</p>' for d in finding.verdict.details)
    parts = "".join(_section(s, finding) for s in sections(finding))
    name = escape(finding.file.name or "a file")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}: {escape(HEADLINES[code])}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f'<body>\n<main>\n<p class="kicker">What can be known of {name}</p>\n'
        f'<div class="verdict {TONES[code]}"><h1>{escape(HEADLINES[code])}</h1>'
        f"<p>{escape(finding.verdict.sentence)}</p>{details}</div>\n{parts}"
        f'<section><div class="head"><h2>The file</h2></div>{_facts(of_file(finding))}</section>\n'
        f'<p class="foot">{escape(FOOT)}</p>\n</main>\n</body>\n</html>\n'
    )


def _section(section: Section, finding: Finding) -> str:
    drawn = ""
    if section.heading == "Watermark" and has_timeline(finding):
        drawn = _timeline(finding)
    return (
        f'<section class="{section.tone}"><div class="head"><h2>{escape(section.heading)}</h2>'
        f'<span class="state">{escape(section.state)}</span></div>'
        f"<p>{escape(section.sentence)}</p>{drawn}{_facts(section.facts)}</section>\n"
    )


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    if not facts:
        return ""
    # A long address is broken at its slashes.
    rows = "".join(
        f"<dt>{escape(n)}</dt><dd>{escape(v).replace('/', '/<wbr>')}</dd>" for n, v in facts
    )
    return f"<dl>{rows}</dl>"


def _timeline(finding: Finding) -> str:
    stretches = finding.watermark.stretches
    end_s = max(stretches[-1].end_s, finding.file.length_s or 0.0)
    base = _HEIGHT - 26
    shapes = [
        f'<rect x="0" y="{_TOP}" width="{_WIDTH:g}" height="{base - _TOP:g}" fill="#f7f1e6"/>'
    ]
    for each in stretches:
        left = _WIDTH * max(each.start_s, 0) / end_s
        width = max(_WIDTH * (each.end_s - each.start_s) / end_s, 1.0)
        share = min(max(each.z / FULL_Z, 0.0), 1.0)
        tall = max(share * (base - _TOP), 5.0)
        shapes.append(
            f'<rect x="{left:.1f}" y="{base - tall:.1f}" width="{width:.1f}" '
            f'height="{tall:.1f}" fill="{COLOURS[each.status]}"><title>'
            f"{clock(each.start_s)} to {clock(each.end_s)}: {NAMES.get(each.status, '')}, "
            f"strength {each.z:.1f}</title></rect>"
        )
    shapes.append(f'<path d="M0 {base:g}H{_WIDTH:g}" stroke="#a08c6f"/>')
    for at in times(end_s):
        x = _WIDTH * at / end_s
        anchor = "start" if x < 20 else "end" if x > _WIDTH - 20 else "middle"
        shapes.append(f'<text x="{x:.1f}" y="{_HEIGHT - 5}" text-anchor="{anchor}">'
                      f"{clock(at)}</text>")  # fmt: skip
    words = "; ".join(
        f"{clock(s.start_s)} to {clock(s.end_s)} {NAMES.get(s.status, '')}" for s in stretches[:12]
    )
    there = {s.status for s in stretches}
    key = "".join(
        f'<span><i style="background:{COLOURS[k]}"></i>{escape(v)}</span>'
        for k, v in NAMES.items() if k in there
    )  # fmt: skip
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" role="img" aria-label="Strength over time: '
        f'{escape(words)}">{"".join(shapes)}</svg><div class="key">{key}</div>'
    )
