"""Any chunking of the same features gives the same motion, row for row and bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.motion import Motion, concatenate
from gioconda.performance import RulePerformer
from gioconda.speech.types import SpeechFeatures


def in_chunks(performer, controls, features, sizes, cut) -> list[Motion]:
    state = performer.start(controls)
    chunks, first = [], 0
    for size in sizes:
        chunks.append(performer.step(state, cut(features, first, first + size)))
        first += size
    chunks.append(performer.step(state, cut(features, first, len(features))))
    chunks.append(performer.finish(state))
    return chunks


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 40), max_size=30),
    lookahead=st.sampled_from([0.0, 40.0, 120.0, 300.0]),
    emotion=st.sampled_from(["neutral", "sad", "surprised"]),
)
def test_any_chunking_gives_the_same_motion(talk, cut, sizes, lookahead, emotion) -> None:
    features = talk(8.0, seed=3)
    performer = RulePerformer(lookahead)
    controls = Controls(emotion=emotion, gaze=(5.0, -3.0), seed=11)
    whole = concatenate(in_chunks(performer, controls, features, [], cut))
    parts = concatenate(in_chunks(performer, controls, features, sizes, cut))
    assert len(whole) == len(parts) == len(features)
    np.testing.assert_array_equal(whole.values, parts.values)


def test_chunks_continue_one_another(talk, cut) -> None:
    features = talk(3.0, start_s=0.01)
    expected = 0.01
    for chunk in in_chunks(RulePerformer(), Controls(), features, [7, 1, 50, 0, 3], cut):
        assert chunk.start_s == pytest.approx(expected, abs=1e-9)
        assert chunk.rate_hz == 50.0
        expected += len(chunk) / 50


def test_rows_wait_exactly_for_the_stated_lookahead(talk, cut) -> None:
    performer = RulePerformer(lookahead_ms=120)
    assert performer.lookahead_ms == 120
    state = performer.start(Controls())
    assert len(performer.step(state, talk(1.0))) == 50 - 6
    assert len(performer.finish(state)) == 6


def test_what_follows_the_lookahead_changes_nothing_before_it(script) -> None:
    same = [("sil", 20), ("a", 10), ("m", 5), ("o", 15)]
    one = script([*same, ("a", 30)])
    two = script([*same, ("sil", 30)])
    performer = RulePerformer(lookahead_ms=100)
    rows = 50 - 5 - 1  # the script smooths posteriors over one row
    motions = [performer.step(performer.start(Controls()), f).values[:rows] for f in (one, two)]
    np.testing.assert_array_equal(*motions)


def test_no_features_give_no_rows() -> None:
    performer = RulePerformer()
    state = performer.start(Controls())
    assert len(performer.step(state, SpeechFeatures.empty())) == 0
    assert len(performer.finish(state)) == 0


def test_state_does_not_grow(talk, cut) -> None:
    performer = RulePerformer()
    state = performer.start(Controls())
    features = talk(30.0)
    for first in range(0, 1500, 10):
        performer.step(state, cut(features, first, first + 10))
    assert len(state.line.held) < 60


@pytest.mark.parametrize("lookahead", [-1.0, 501.0, float("nan")])
def test_lookahead_out_of_range_is_refused(lookahead) -> None:
    with pytest.raises(OptionError, match="between 0 and 500"):
        RulePerformer(lookahead)
