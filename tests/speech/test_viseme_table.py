"""The measured table says what it must about lips."""

from __future__ import annotations

import numpy as np

from gioconda.speech.types import ARTICULATION, PHONES
from gioconda.speech.viseme_table import ARTICULATION_SPREAD, MEASURED_VISEMES


def test_every_phone_has_a_row_of_every_curve() -> None:
    assert list(MEASURED_VISEMES) == list(PHONES)
    assert np.array(list(MEASURED_VISEMES.values())).shape == (37, len(ARTICULATION))
    assert len(ARTICULATION_SPREAD) == len(ARTICULATION)


def test_lips_close_for_bilabials_and_open_for_open_vowels() -> None:
    aperture = {phone: row[0] for phone, row in MEASURED_VISEMES.items()}
    closed = max(aperture[p] for p in ("p", "m"))
    assert all(aperture[p] > closed for p in set(PHONES) - {"p", "m", "w"})
    assert min(aperture["a"], aperture["ɑ"], aperture["æ"]) > aperture["i"] > aperture["u"]
    assert abs(aperture["sil"]) < 0.2  # silence is not a closed mouth


def test_rounding_narrows() -> None:
    width = {phone: row[1] for phone, row in MEASURED_VISEMES.items()}
    assert max(width[p] for p in ("u", "o", "w")) < min(width[p] for p in ("i", "e", "æ", "s"))
