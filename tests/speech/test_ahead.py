"""Rows that wait for the net's delay are known, provisionally, to its heads of less delay."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda import Sound, examples
from gioconda.speech import SpeechAnalyser
from gioconda.speech.types import SpeechFeatures


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    with Sound.open(examples.speech_path()) as sound:
        return np.concatenate(list(sound.chunks()))[16_000:48_000]


def test_rows_are_those_of_a_plain_step(speech: np.ndarray) -> None:
    analyser = SpeechAnalyser(40)
    plain, ahead = analyser.start(), analyser.start()
    rows = [r for r, _ in [*analyser.step_ahead(ahead, speech), *analyser.finish_ahead(ahead)]]
    expected = SpeechFeatures.joined([analyser.step(plain, speech), analyser.finish(plain)])
    joined = SpeechFeatures.joined(rows)
    np.testing.assert_array_equal(joined.posteriors, expected.posteriors)
    np.testing.assert_array_equal(joined.voice, expected.voice)
    assert [r.start_s for r in rows] == [i / 50 for i in range(len(rows))]


def test_provisional_rows_are_what_the_hasty_heads_say(speech: np.ndarray) -> None:
    analyser = SpeechAnalyser(40)
    hasty = SpeechAnalyser(0)
    said = hasty.step(hasty.start(), speech)
    pairs = analyser.step_ahead(analyser.start(), speech)
    for row, (_, ahead) in enumerate(pairs):
        assert len(ahead) == analyser.rows_ahead == 2
        np.testing.assert_array_equal(ahead.posteriors, said.posteriors[row + 1 : row + 3])


def test_provisional_rows_leave_the_stream_as_it_is(speech: np.ndarray) -> None:
    analyser = SpeechAnalyser(80)
    state = analyser.start()
    pairs = analyser.step_ahead(state, speech)
    final = SpeechFeatures.joined([row for row, _ in pairs])
    for row, (_, ahead) in enumerate(pairs[:-4]):
        # Levels are measured, not guessed: they do not change any more.
        np.testing.assert_array_equal(
            ahead.loudness_db, final.loudness_db[row + 1 : row + 1 + len(ahead)]
        )
