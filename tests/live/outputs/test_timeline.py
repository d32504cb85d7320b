"""Times of a session become an output's own; picture and sound keep step, sound has no gap."""

from __future__ import annotations

import numpy as np

from gioconda.live.outputs.timeline import Picture, Piece, Sound, Timeline

RATE = 48_000
IMAGE = np.zeros((2, 2, 3), np.uint8)


def tone(samples: int) -> np.ndarray:
    return np.ones(samples, np.float32)


def test_it_begins_with_the_earlier_and_keeps_their_distance() -> None:
    line = Timeline()
    pieces: list[Piece] = [*line.sound(10 * RATE, tone(4800)), *line.frame(10.025, IMAGE)]
    pieces += line.frame(10.5, IMAGE)
    pictures = [p.ticks for p in pieces if isinstance(p, Picture)]
    sounds = [(p.sample, len(p.pcm)) for p in pieces if isinstance(p, Sound)]
    assert pictures == [0, 45_000]  # the first is shown from the beginning on
    assert sounds == [(0, 4800)]


def test_one_of_them_alone_begins_after_half_a_second() -> None:
    line = Timeline()
    assert not [*line.frame(3.0, IMAGE), *line.frame(3.4, IMAGE)]
    shown = [p.ticks for p in line.frame(3.5, IMAGE) if isinstance(p, Picture)]
    assert shown == [0, 36_000, 45_000]
    late = list(line.sound(4 * RATE, tone(10)))
    assert sum(len(p.pcm) for p in late if isinstance(p, Sound)) == RATE + 10  # silence before it


def test_what_was_held_comes_at_the_end() -> None:
    line = Timeline()
    assert not [*line.sound(7, tone(5))]
    (piece,) = line.finish()
    assert isinstance(piece, Sound)
    assert piece.sample == 0


def test_gaps_of_sound_are_silent_and_overlaps_cut() -> None:
    line = Timeline()
    list(line.frame(0.0, IMAGE))
    pieces = [*line.sound(0, tone(100)), *line.sound(90, tone(20)), *line.sound(200, tone(50))]
    sounds = [p for p in pieces if isinstance(p, Sound)]
    heard = np.concatenate([p.pcm for p in sounds])
    assert [p.sample for p in sounds] == [0, 100, 110, 200]
    assert len(heard) == 250
    assert not heard[110:200].any()
    assert heard[:110].all()
    assert heard[200:].all()


def test_a_frame_that_is_not_after_the_last_is_dropped() -> None:
    line = Timeline()
    list(line.sound(0, tone(10)))
    shown = [*line.frame(0.0, IMAGE), *line.frame(0.5, IMAGE)]
    shown += [*line.frame(0.5, IMAGE), *line.frame(0.4, IMAGE)]
    assert len([p for p in shown if isinstance(p, Picture)]) == 2
    assert line.late == 2
