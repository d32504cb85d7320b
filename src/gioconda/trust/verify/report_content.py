"""What a report says, before it is a page or a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from gioconda.plain_text import plain
from gioconda.trust.verify.finding import Finding
from gioconda.trust.verify.words import clock, counted

#: How a finding is shown: ``mark`` tells of Gioconda, ``warn`` of tampering, ``quiet`` of nothing.
Tone = Literal["mark", "warn", "quiet"]

TONES: Final[dict[str, Tone]] = {
    "made_with_gioconda": "mark", "credentials_only": "mark", "known_frames": "quiet",
    "spliced": "warn", "altered": "warn", "contradicted": "warn", "other_tool": "quiet",
    "inconclusive": "quiet", "no_evidence": "quiet", "unreadable": "quiet",
}  # fmt: skip
HEADLINES: Final = {
    "made_with_gioconda": "Made with Gioconda", "credentials_only": "Signed as Gioconda's",
    "known_frames": "No evidence, but it looks like one of ours",
    "spliced": "Put together from several sources",
    "altered": "Its credentials do not fit it", "contradicted": "Contradicts itself",
    "other_tool": "Says that another program made it",
    "inconclusive": "A trace too weak to rely on",
    "no_evidence": "No evidence either way", "unreadable": "Cannot be read",
}  # fmt: skip
_CREDENTIALS: Final[dict[str, tuple[str, Tone]]] = {
    "none": ("none", "quiet"), "valid_unknown_signer": ("valid, unknown signer", "mark"),
    "trusted": ("trusted", "mark"), "invalid": ("invalid", "warn"),
    "unreadable": ("unreadable", "warn"),
}  # fmt: skip
_MARK: Final[dict[str, tuple[str, Tone]]] = {
    "detected": ("detected", "mark"), "inconclusive": ("inconclusive", "quiet"),
    "not_detected": ("not detected", "quiet"), "not_looked_for": ("not looked for", "quiet"),
}  # fmt: skip
_LOG: Final[dict[str, tuple[str, Tone]]] = {
    "known_file": ("known file", "mark"), "known_frames": ("known frames", "mark"),
    "unknown": ("not known", "quiet"),
}  # fmt: skip
#: What numbers mean.
_STRENGTH: Final = "unmarked: up to about 3 for one look, and 7 for the best of a whole search"
_CHANCE: Final = "that a file without the mark looks as marked as this one"
_WHO: Final = {
    True: "this installation's identifier, a number that it drew when it was first used",
    False: "the identifier of an operator whose key is held here, a number drawn at random",
}
#: Of what does not promise more than can be known.
FOOT: Final = (
    "No evidence either way means just that: marks can be removed, and other programs set none. "
    "Metadata are claims that anybody can write."
)


@dataclass(frozen=True)
class Section:
    """One of the findings.

    Attributes:
        heading: what it is about.
        state: in a word or two.
        tone: how it is shown.
        sentence: what it says.
        facts: names and values.
    """

    heading: str
    state: str
    tone: Tone
    sentence: str
    facts: tuple[tuple[str, str], ...]


def sections(finding: Finding) -> tuple[Section, ...]:
    """Return the findings of a file that could be read, in order."""
    if finding.verdict.code == "unreadable":
        return ()
    return (_credentials(finding), _watermark(finding), _log(finding), *_claims(finding))


def _some(*facts: tuple[str, str | None]) -> tuple[tuple[str, str], ...]:
    return tuple((name, plain(value)) for name, value in facts if value)


def _credentials(finding: Finding) -> Section:
    found = finding.credentials
    state, tone = _CREDENTIALS[found.status]
    signed = found.signed_at
    time = None if signed is None else f"{signed:%Y-%m-%d %H:%M} UTC"
    if time and not found.timestamped:
        time += " (as the signer says)"
    facts = _some(
        ("signer", found.signer), ("issued by", found.issuer), ("signed", time),
        ("program", found.generator), ("title", found.title), ("source type", found.source_type),
        ("actions", ", ".join(found.actions)), ("basis", found.basis),
        ("bound to watermark", found.identifier), ("problems", ", ".join(found.problems)),
        ("training", "refused" if found.training_refused else None),
    )  # fmt: skip
    return Section("Credentials", state, tone, found.sentence, facts)


def _watermark(finding: Finding) -> Section:
    found = finding.watermark
    state, tone = _MARK[found.status]
    searched = found.status != "not_looked_for"
    looked = found.looked
    span = counted(looked.frames, "frame")
    if looked.seconds:
        span += f", {clock(looked.seconds)}"
        span += f" of {clock(looked.of_s)}" if looked.of_s and looked.parts > 1 else ""
    facts = _some(
        ("strength", f"{found.z:.1f} ({_STRENGTH})" if searched else None),
        ("chance", f"{_small(found.false_alarm)} ({_CHANCE})" if searched else None),
        ("made by", found.identifier and f"{found.identifier} ({_WHO[found.own]})"),
        ("key", None if found.epoch is None else str(found.epoch)),
        ("looked at", span if searched else None),
    )
    return Section("Watermark", state, tone, found.sentence, facts)


def _small(probability: float) -> str:
    return "below 1e-12" if probability < 1e-12 else f"{probability:.1g}"


def _log(finding: Finding) -> Section:
    found = finding.log
    state, tone = _LOG[found.status]
    made = found.made_at
    facts = _some(
        ("output", found.output),
        ("made", None if made is None else f"{made:%Y-%m-%d %H:%M} UTC"),
        ("alike", None if found.likeness is None else f"{found.likeness:.0%} of the frames"),
    )
    return Section("Local log", state, tone, found.sentence, facts)


def _claims(finding: Finding) -> tuple[Section, ...]:
    if not finding.claims:
        return ()
    facts = tuple((plain(f"{c.where} {c.name}"), plain(c.text)) for c in finding.claims)
    said = " ".join(dict.fromkeys(c.sentence for c in finding.claims if c.sentence))
    sentence = said or "Nothing in them tells how it was made."
    return (Section("Metadata", "claims", "quiet", sentence, facts),)


def of_file(finding: Finding) -> tuple[tuple[str, str], ...]:
    """Return what the file is, name by name."""
    file = finding.file
    size = f"{file.size / 1e6:.1f} MB" if file.size >= 1e5 else f"{file.size} bytes"
    pixels = f"{file.width} × {file.height}" if file.width else None
    return _some(
        ("file", file.name), ("SHA-256", file.sha256), ("kind", file.media_type or file.kind),
        ("size", size), ("pixels", pixels),
        ("length", clock(file.length_s) if file.length_s and file.kind != "picture" else None),
        ("checked", f"{finding.checked_at:%Y-%m-%d %H:%M} UTC"),
        ("by", f"Gioconda {finding.version}"),
    )  # fmt: skip


def has_timeline(finding: Finding) -> bool:
    """Tell whether there is something to draw over time."""
    stretches = finding.watermark.stretches
    moves = finding.watermark.looked.frames > 1
    return moves and bool(stretches) and stretches[-1].end_s > 0


def times(end_s: float) -> list[float]:
    """Return instants to write at a timeline of a length: 4 to 10, round ones."""
    for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400):
        if end_s / step <= 8:
            return [step * i for i in range(int(end_s / step) + 1)]
    return [0.0, end_s]
