"""Lips meet for p, b, m alone, in time, also at the very first sound."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.performance import perform
from gioconda.performance.mouth import implied_aperture


@pytest.mark.parametrize("phone", ["p", "m"])
def test_the_very_first_sound_is_shut_too(script, phone) -> None:
    motion = perform(script([("sil", 40), (phone, 4), ("a", 30), ("sil", 20)]))
    assert implied_aperture(motion.values)[40:43].max() < 0.006
    assert motion["articulation"][40:43].min() > 0.9


@pytest.mark.parametrize("lookahead_ms", [40.0, 120.0])
@pytest.mark.parametrize("phone", ["p", "m"])
def test_a_first_bilabial_finds_the_mouth_in_control_and_shut(script, phone, lookahead_ms) -> None:
    # After a pause: the speaker is known, and the phone is the first of the utterance.
    features = script([("sil", 20), ("a", 30), ("sil", 60), (phone, 5), ("a", 15), ("sil", 20)])
    motion = perform(features, lookahead_ms=lookahead_ms)
    gap = implied_aperture(motion.values)
    assert gap[111:114].max() < 0.006
    assert motion["articulation"][111:114].min() > 0.9


def test_phones_that_leave_the_lips_apart_do_not_close_them(script) -> None:
    features = script([("sil", 20), *[(p, 6) for p in "tanaskɛliθe"], ("sil", 20)])
    gap = implied_aperture(perform(features).values)
    assert gap[24:84].min() > 0.012


def unsure(script, share: list[float]):
    """Return 60 rows of "a" where so much of the probability of rows 40, 41, ... goes to p."""
    from dataclasses import replace

    from gioconda.speech.types import PHONES

    features = script([("sil", 20), ("a", 60), ("sil", 20)])
    posteriors = features.posteriors.copy()
    for row, p in enumerate(share, 40):
        posteriors[row] *= 1.0 - p
        posteriors[row, PHONES.index("p")] += p
    return replace(features, posteriors=posteriors)


def test_a_brief_rise_of_p_shuts_the_lips_and_a_long_doubt_does_not(script) -> None:
    brief = implied_aperture(perform(unsure(script, [0.03, 0.18, 0.03])).values)
    assert brief[38:44].min() < 0.012
    # It stays sharp: open again within 60 ms on either side.
    assert min(brief[37], brief[44]) > 0.5 * brief[30]
    doubt = implied_aperture(perform(unsure(script, [0.14] * 12)).values)
    assert doubt[36:56].min() > 0.03
    faint = implied_aperture(perform(unsure(script, [0.02, 0.06, 0.02])).values)
    assert faint[36:48].min() > 0.03


def test_a_brief_rise_of_f_does_not_shut_the_lips(script) -> None:
    from dataclasses import replace

    from gioconda.speech.types import PHONES

    features = unsure(script, [0.03, 0.18, 0.03])
    posteriors = features.posteriors.copy()
    p, f = PHONES.index("p"), PHONES.index("f")
    posteriors[:, [p, f]] = posteriors[:, [f, p]]
    gap = implied_aperture(perform(replace(features, posteriors=posteriors)).values)
    assert gap[36:48].min() > 0.03


def test_both_parts_of_a_closure_never_exceed_one(script) -> None:
    from gioconda.performance.closures import find_closures, lean
    from gioconda.performance.window import LookaheadLine

    features = script([("sil", 20), *[(p, 4) for p in "pafamafapumf"] * 3, ("sil", 20)])
    window = LookaheadLine.start(4).push(features)
    closure, labiodental = find_closures(window)
    assert closure.max() == pytest.approx(1.0)
    assert labiodental.max() == pytest.approx(1.0)
    assert (closure + labiodental).max() <= 1.0 + 1e-12
    leaning = lean(window)
    assert leaning.min() > -0.05
    assert np.corrcoef(leaning, closure + labiodental)[0, 1] > 0.6
