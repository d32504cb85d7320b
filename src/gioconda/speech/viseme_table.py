"""The measured viseme table: how real lips stand, on average, while each phone sounds.

Method: lip curves (inner-lip aperture, mouth width, protrusion, jaw, upper and lower lip) were
tracked in talking-head clips and regressed, all phones together, on the phone posteriors of a
phonetic net at the same instants. The rows are the regression's coefficients in z-scores of each
curve; tables fitted on two halves of the people correlate .84 to .89, with a standard error of
about .2. Against textbook tables, the largest differences are that silence is an average opening
and not a closed mouth, that s, sh, t, k, i are more open, and that o, u, w, r are narrower.

Two cautions. Tracked protrusion is mostly the inverse of jaw opening, so it must not drive a
pucker shape alone. ``h`` was too rare to measure and is set by hand, and so are the classes in
``_SUBSTITUTES``.
"""

from __future__ import annotations

from typing import Final

from gioconda.speech.types import PHONES

VisemeRow = tuple[float, float, float, float, float, float]

#: Spread (one z-score) of each curve among real talkers, in outer-eye-corner distances, in the
#: order of ``ARTICULATION``.
ARTICULATION_SPREAD: Final[VisemeRow] = (0.047, 0.037, 0.0095, 0.029, 0.019, 0.042)

_MEASURED: Final[dict[str, VisemeRow]] = {
    # aperture, width, protrusion, jaw, upper lip, lower lip (positive is lower)
    "sil": (-0.1, 0.3, 0.0, -0.1, 0.0, -0.1),
    "a": (1.4, 0.1, -1.1, 1.4, -0.3, 1.6),
    "ɑ": (1.4, -0.7, -0.6, 1.5, -0.2, 1.5),
    "æ": (1.1, 1.2, -1.2, 1.0, -0.4, 1.1),
    "ʌ": (0.6, -1.3, -0.3, 0.8, 0.2, 0.7),
    "ɛ": (1.3, 0.8, -0.6, 1.0, -0.6, 1.3),
    "e": (0.5, 0.6, -0.6, 0.4, 0.0, 0.6),
    "ə": (-0.5, -0.3, 0.5, -0.7, -0.2, -0.6),
    "ɜ": (-0.5, -0.7, -0.1, 0.0, 0.4, -0.4),
    "ɪ": (0.9, 0.5, -1.0, 0.7, -0.4, 0.9),
    "i": (0.3, 0.2, -0.2, 0.0, -0.3, 0.2),
    "ɔ": (0.1, -1.4, -0.1, 0.3, 0.1, 0.2),
    "o": (-0.5, -1.5, 0.7, -0.1, 1.0, -0.1),
    "ʊ": (0.0, -1.4, -0.2, 0.3, 0.5, 0.2),
    "u": (-0.9, -0.7, 0.8, -0.4, 0.6, -0.8),
    "w": (-1.6, -1.9, 0.7, -0.1, 1.7, -1.0),
    "p": (-1.4, -0.8, 0.8, -0.2, 1.9, -0.8),
    "m": (-1.4, -0.5, 1.2, -0.5, 1.5, -1.0),
    "f": (-0.7, 0.2, 0.3, -0.3, -0.1, -0.9),
    "θ": (-0.1, 0.3, -0.3, 0.4, -0.2, -0.2),
    "s": (0.0, 0.3, 0.4, -0.7, -0.7, -0.4),
    "ʃ": (0.5, -0.5, 0.1, -0.5, -0.8, 0.2),
    "t": (-0.4, 0.3, 0.4, -0.7, -0.3, -0.6),
    "n": (-0.2, 0.2, 0.2, -0.2, 0.0, -0.3),
    "l": (-0.5, -0.9, 0.9, -0.3, 0.4, -0.3),
    "r": (0.2, -0.2, -0.1, 0.4, -0.2, 0.1),
    "ɹ": (-0.6, -1.0, -0.1, 0.1, 0.5, -0.4),
    "k": (0.4, -0.3, -0.4, 0.4, 0.0, 0.5),
    "h": (0.4, 0.1, -0.3, 0.5, 0.1, 0.5),
    "j": (0.3, -0.2, -0.7, 0.4, 0.1, 0.4),
}

#: Vowels absent from the measured clips, each at ``_SUBSTITUTE_STRENGTH`` of its nearest neighbour.
_SUBSTITUTES: Final[dict[str, str]] = {
    "y": "u", "ø": "o", "œ": "ɛ", "ɯ": "ɪ", "ɨ": "ɪ", "ɒ": "ɔ", "ɐ": "ɑ",
}  # fmt: skip
_SUBSTITUTE_STRENGTH: Final = 0.7


def _row(phone: str) -> VisemeRow:
    """Return the measured row of a phone, or the weakened row of its substitute."""
    if phone in _MEASURED:
        return _MEASURED[phone]
    a, w, p, j, u, l = (round(_SUBSTITUTE_STRENGTH * v, 3) for v in _MEASURED[_SUBSTITUTES[phone]])
    return a, w, p, j, u, l


#: For each phone of ``PHONES``: aperture, width, protrusion, jaw, upper lip, lower lip, z-scores.
MEASURED_VISEMES: Final[dict[str, VisemeRow]] = {phone: _row(phone) for phone in PHONES}
