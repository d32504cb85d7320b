"""Each finding in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gioconda.trust.verify.words import (
    SOURCE_TYPES,
    clock,
    counted,
    length,
    probability,
    source_type,
)

if TYPE_CHECKING:
    from gioconda.trust.verify.finding import CredentialsFinding, Looked
    from gioconda.trust.verify.means import Known
    from gioconda.trust.watermark.detection import Detection


def of_mark(found: Detection, looked: Looked, quick: bool, own: bool = False) -> str:
    """Return what a search for the watermark says; ``own``: the identifier is of here."""
    if found.verdict == "detected":
        words = (
            "Gioconda's watermark is in it. That chance alone shows it in an unmarked file: "
            f"{probability(found.false_alarm)}."
        )
        if own:
            words += " It names this installation as the one that made it."
        elif found.identifier is not None:
            words += " It names an operator whose key is held here, but not this installation."
    elif found.verdict == "inconclusive":
        words = (
            "There is a trace that may be Gioconda's watermark, too weak to rely on."
            if found.usable
            else "Its pictures could hardly carry a watermark: too small, plain or short."
        )
    else:
        words = "Gioconda's watermark was not found: no evidence either way."
        if quick:
            words += " Other sizes and shapes were not searched for."
    return f"{words}{_share(looked)}"


def _share(looked: Looked) -> str:
    """Return how much was looked at, where that was not all."""
    if looked.counted:
        frames = counted(looked.frames, "frame")
        part = f", of the first {length(looked.seconds)}" if looked.cut else ""
        return (
            f" The file does not tell when its pictures are shown, so 25 a second are assumed; "
            f"{frames} looked at{part}."
        )
    if looked.parts > 1 and looked.of_s:
        spread = f" Looked at: {length(looked.seconds)} of {length(looked.of_s)}, "
        singles = (
            f", and {counted(looked.singles, 'single frame')} between them"
            if looked.singles
            else ""
        )
        return f"{spread}in {looked.parts} stretches spread over it{singles}."
    if looked.seconds and (looked.cut or (looked.of_s and looked.seconds < 0.5 * looked.of_s)):
        whole = f" of {length(looked.of_s)}" if looked.of_s else ""
        return f" Looked at: its first {clock(looked.seconds)}{whole}."
    return ""


def of_log(known: Known) -> str:
    """Return what the local log says."""
    when = "" if known.made_at is None else f" on {known.made_at:%Y-%m-%d at %H:%M} UTC"
    if known.likeness is None:
        return f"This installation made exactly this file{when}."
    return f"Its pictures look like those of something that this installation made{when}."


def of_claim(name: str, text: str) -> str:
    """Return what a claim of the metadata says of the making; empty for none."""
    if said := source_type(text):
        return f"It claims that {SOURCE_TYPES[said]}."
    if name.upper() == "AIGC":
        return "It claims that a program generated it."
    return ""


def of_credentials(found: CredentialsFinding) -> str:
    """Return what credentials say, and whether they hold."""
    if found.status == "none":
        return "It carries no Content Credentials."
    if found.status == "unreadable":
        return "It carries Content Credentials that cannot be read."
    signer = found.signer or "an unnamed signer"
    if found.changed:
        return f"Its credentials, which name {signer}, do not fit the file."
    if found.status == "invalid":
        if any(code.startswith("signingCredential.") for code in found.problems):
            return f"Its credentials cannot be relied on: the certificate of {signer} is not valid."
        return f"Its credentials, which name {signer}, are damaged and cannot be relied on."
    if found.own:
        who = "signed by this installation's key"
    elif found.status == "trusted":
        who = f"signed by {signer}, who is trusted here"
    else:
        who = f"signed by {signer}, for whom nobody here vouches"
    words = f"The file is unchanged since it was {who}."
    if found.generator:
        words += f" Made with {found.generator}."
    if said := source_type(found.source_type):
        words += f" They say that {SOURCE_TYPES[said]}."
    return words
