"""What is said is cut out of the sound to the sample, in whatever order the news comes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from gioconda.live.client.gate import SpeechGate
from gioconda.live.types import LiveAudio, LiveEvent, SpeakEnded, SpeakStarted

PACKET = 1200
LINE = np.arange(1, 48_001, dtype=np.float32)


def packets() -> list[LiveAudio]:
    return [LiveAudio(at, LINE[at : at + PACKET]) for at in range(0, len(LINE), PACKET)]


def through(gate: SpeechGate, outputs: Iterable[LiveAudio | LiveEvent]) -> list[object]:
    out: list[object] = []
    for output in outputs:
        taken = gate.sound(output) if isinstance(output, LiveAudio) else gate.event(output)
        out += list(taken)
    return out


@pytest.mark.parametrize("late", [-2, 0, 1, 3])
def test_the_samples_of_an_utterance_come_through_and_no_others(late: int) -> None:
    begin, end = 10_000, 30_500
    line: list[LiveAudio | LiveEvent] = list(packets())
    # The end is not later than its sound, or a little of what follows would be let through.
    line.insert(end // PACKET + min(late, 0), SpeakEnded(end / 48_000, 1, 0.4, interrupted=False))
    line.insert(begin // PACKET + 1 + late, SpeakStarted(begin / 48_000, 1))
    out = through(SpeechGate(), line)
    assert isinstance(out[0], SpeakStarted)
    assert isinstance(out[-1], SpeakEnded)
    said = np.concatenate([o.pcm for o in out if isinstance(o, LiveAudio)])
    np.testing.assert_array_equal(said, LINE[begin:end])


def test_utterances_that_follow_each_other_are_parted_at_their_sample() -> None:
    gate = SpeechGate()
    list(gate.event(SpeakStarted(0.0, 1)))
    list(gate.event(SpeakEnded(0.5, 1, 0.5, interrupted=False)))
    list(gate.event(SpeakStarted(0.5, 2)))
    out = through(gate, packets())
    place = [isinstance(o, SpeakEnded) for o in out].index(True)
    first = np.concatenate([o.pcm for o in out[:place] if isinstance(o, LiveAudio)])
    assert len(first) == 24_000
    assert isinstance(out[place + 1], SpeakStarted)


def test_after_a_cut_nothing_of_it_comes_but_its_end() -> None:
    gate = SpeechGate()
    line = packets()
    out = through(gate, [SpeakStarted(0.0, 3), *line[:10]])
    assert len(out) == 11
    gate.cut(3)
    late = [SpeakStarted(0.3, 3), *line[10:20], SpeakEnded(0.4, 3, 0.25, interrupted=True)]
    assert through(gate, [*late, *line[20:]]) == [late[-1]]
    assert not gate.open


def test_an_utterance_that_is_lost_before_its_place_does_not_open_the_gate() -> None:
    gate = SpeechGate()
    lost = SpeakEnded(0.0, 1, 0.0, interrupted=True)
    assert through(gate, [SpeakStarted(0.5, 1), lost, *packets()]) == [lost]


def test_sound_in_one_large_packet_is_cut_as_well() -> None:
    gate = SpeechGate()
    whole = LiveAudio(0, LINE)
    end = SpeakEnded(0.9, 1, 0.6, interrupted=False)
    assert through(gate, [whole]) == []
    out = through(gate, [SpeakStarted(0.3, 1), end])
    said = next(o for o in out if isinstance(o, LiveAudio))
    np.testing.assert_array_equal(said.pcm, LINE[14_400:])
    assert out[-1] == end
    out = through(SpeechGate(), [SpeakStarted(0.3, 1), end, whole])
    said = next(o for o in out if isinstance(o, LiveAudio))
    np.testing.assert_array_equal(said.pcm, LINE[14_400:43_200])
