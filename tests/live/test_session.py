"""A live session: one clock, idle life, interruption, dropped frames."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.live.driver import Seen, run

from gioconda import Controls, Motion, Portrait
from gioconda.errors import BadSamplesError, OptionError
from gioconda.live import Session, SpeakEnded, SpeakStarted
from gioconda.motion import INDEX
from gioconda.session import Performance

JAW = INDEX["jawOpen"]


def made(portrait: Portrait, **options: object) -> Session:
    return Session(portrait, Controls(seed=3), size=256, **options)  # type: ignore[arg-type]


def jaw(seen: Seen) -> np.ndarray:
    return np.array([f.moment[JAW] for f in seen.frames])


def test_frames_and_sound_are_on_one_clock(portrait: Portrait, voice: np.ndarray) -> None:
    session = made(portrait)
    session.push_audio(voice)
    session.end_of_speech()
    seen = run(session, 4.5)
    assert [f.index for f in seen.frames] == list(range(len(seen.frames)))
    assert len(seen.frames) == int((4.5 - session.delay_s) * 40 + 1e-6) + 1
    assert all(f.time_s == f.index / 40 for f in seen.frames)
    # The sound is the pushed one, at its place, three times as dense.
    heard = seen.pcm[: 4 * 48_000 : 3]
    assert np.abs(heard[200:-200] - voice[200 : len(heard) - 200]).max() < 0.02
    # The motion is the performance of that sound.
    alone = Performance(Controls(seed=3), lookahead_ms=80)
    motion = [alone.push(voice), alone.push(np.zeros(8000, np.float32)), *alone.finish()]
    opened = np.concatenate([m["jawOpen"] for m in motion])
    values = Motion(np.repeat(opened[:, None], 60, 1).astype(np.float32))
    wanted = np.array([values.at(f.time_s)[0] for f in seen.frames])
    assert np.corrcoef(jaw(seen), wanted)[0, 1] > 0.98
    kinds = [type(e) for e in seen.events]
    assert kinds == [SpeakStarted, SpeakEnded]
    ended = seen.events[1]
    assert isinstance(ended, SpeakEnded)
    assert not ended.interrupted
    assert ended.played_s == pytest.approx(4.0, abs=0.001)


def test_the_pace_of_pushing_and_stepping_does_not_matter(
    portrait: Portrait, voice: np.ndarray
) -> None:
    at_once = made(portrait)
    at_once.push_audio(voice)
    at_once.end_of_speech()
    first = run(at_once, 2.0)
    in_time = made(portrait)
    at = 0

    def push(now_s: float) -> None:
        nonlocal at
        end = min(int(now_s * 16_000) + 480, len(voice))
        in_time.push_audio(voice[at:end])
        at = end

    second = run(in_time, 2.0, step_s=0.005, before=push)
    assert np.array_equal(first.pcm, second.pcm[: len(first.pcm)])
    assert np.array_equal([f.moment for f in first.frames], [f.moment for f in second.frames])


def test_sound_may_lead_its_picture_and_stays_the_same(
    portrait: Portrait, voice: np.ndarray
) -> None:
    plain, early = made(portrait), made(portrait, sound_lead_ms=40)
    for session in (plain, early):
        session.push_audio(voice)
    first, second = run(plain, 1.5), run(early, 1.5)
    assert [f.index for f in first.frames] == [f.index for f in second.frames]
    assert len(second.pcm) - len(first.pcm) == 1920
    assert np.array_equal(first.pcm, second.pcm[: len(first.pcm)])


def test_the_last_needed_sample_is_80_ms_before_its_frame(portrait: Portrait) -> None:
    session = made(portrait)
    assert 0.0725 <= session.delay_s <= 0.080


def test_an_idle_face_is_alive_and_its_mouth_at_rest(portrait: Portrait) -> None:
    seen = run(made(portrait), 20.0, step_s=0.1)
    moments = np.array([f.moment for f in seen.frames])
    assert moments[:, INDEX["headYaw"]].std() > 0.05
    assert moments[:, INDEX["eyeBlinkLeft"]].max() > 0.7
    assert moments[:, JAW].max() < 0.02
    assert not seen.pcm.any()


def test_what_waits_is_told(portrait: Portrait, voice: np.ndarray) -> None:
    session = made(portrait)
    run(session, 0.5)
    assert session.queued_s == 0
    session.push_audio(voice[:16_000])
    assert session.queued_s == pytest.approx(1.0, abs=0.002)
    run(session, 1.0, start_s=0.5)
    assert session.queued_s == pytest.approx(0.5 + session.delay_s, abs=0.002)
    run(session, 2.0, start_s=1.0)
    assert session.queued_s == 0


def test_late_frames_are_dropped_and_sound_is_not(portrait: Portrait, voice: np.ndarray) -> None:
    session = made(portrait)
    session.push_audio(voice)
    seen = run(session, 1.0)
    seen = run(session, 3.0, start_s=1.0, step_s=0.2, seen=seen)
    indices = [f.index for f in seen.frames]
    assert indices == sorted(set(indices))
    assert session.dropped == indices[-1] + 1 - len(indices) > 50
    assert len(seen.pcm) == int(3.0 * 48_000) - int(np.ceil(session.delay_s * 48_000))
    smooth = made(portrait)
    smooth.push_audio(voice)
    assert np.array_equal(run(smooth, 3.0).pcm, seen.pcm)


def test_interruption_closes_the_mouth_at_once_and_smoothly(
    portrait: Portrait, voice: np.ndarray
) -> None:
    session = made(portrait)
    session.push_audio(voice)
    seen = run(session, 1.0)
    # Interrupted where the mouth is open.
    now_s = 1.0
    while jaw(seen)[-1] < 0.12:
        run(session, now_s + 0.025, start_s=now_s, step_s=0.025, seen=seen)
        now_s += 0.025
    count, played = len(seen.frames), session.time_s
    session.interrupt()
    seen = run(session, now_s + 1.0, start_s=now_s, step_s=0.025, seen=seen)
    after = jaw(seen)[count:]
    before = jaw(seen)[count - 1]
    assert after[1] < before
    assert after[5:].max() < 0.1 * before
    assert np.abs(np.diff(jaw(seen)[count - 1 :])).max() < 0.55 * before
    silent = seen.pcm[int((played + 0.012) * 48_000) :]
    assert not silent.any()
    ended = [e for e in seen.events if isinstance(e, SpeakEnded)]
    assert len(ended) == 1
    assert ended[0].interrupted
    assert ended[0].played_s == pytest.approx(played, abs=0.02)


def test_speech_after_an_interruption_is_whole(portrait: Portrait, voice: np.ndarray) -> None:
    session = made(portrait)
    session.push_audio(voice)
    run(session, 1.0)
    session.interrupt()
    session.push_audio(voice)
    session.end_of_speech()
    seen = run(session, 6.0, start_s=1.0)
    assert [type(e) for e in seen.events] == [SpeakEnded, SpeakStarted, SpeakEnded]
    fresh = made(portrait)
    fresh.push_audio(voice)
    other = run(fresh, 5.0)
    opened, wanted = jaw(seen)[20:140], jaw(other)[20:140]
    lags = [np.corrcoef(opened[k:], wanted[: len(opened) - k])[0, 1] for k in range(6)]
    assert max(lags) > 0.9


def test_every_utterance_is_told_its_end_even_if_it_never_began(
    portrait: Portrait, voice: np.ndarray
) -> None:
    session = made(portrait)
    for _ in range(3):
        session.push_audio(voice[:8000])
        session.end_of_speech()
    run(session, 0.7)
    session.interrupt()
    ended = [e for e in run(session, 1.0, start_s=0.7).events if isinstance(e, SpeakEnded)]
    assert [e.utterance for e in ended] == [2, 3]
    assert ended[0].played_s == pytest.approx(0.12, abs=0.02)
    assert ended[1].played_s == 0


def test_interrupting_silence_does_nothing(portrait: Portrait) -> None:
    calm, told = made(portrait), made(portrait)
    first = run(calm, 1.0)
    seen = run(told, 0.5)
    told.interrupt()
    seen = run(told, 1.0, start_s=0.5, seen=seen)
    assert np.array_equal([f.moment for f in first.frames], [f.moment for f in seen.frames])
    assert not seen.events


def test_a_microphone_that_runs_fast_does_not_fall_behind(
    portrait: Portrait, voice: np.ndarray
) -> None:
    session = made(portrait)
    words = np.concatenate([voice[:8000], np.zeros(8000, np.float32)])
    at = 0

    def push(now_s: float) -> None:
        nonlocal at
        wanted = int(now_s * 16_000 * 1.01)
        while at + 160 <= wanted:
            session.push_audio(np.take(words, range(at, at + 160), mode="wrap"), live=True)
            at += 160

    run(session, 20.0, step_s=0.02, before=push)
    # 1 % of 20 s is 200 ms; all of it was left out of the silences.
    assert session.queued_s < session.delay_s + 0.1


def test_the_rest_of_a_microphone_that_fell_silent_is_heard(portrait: Portrait) -> None:
    session = made(portrait)
    session.push_audio(np.full(160, 0.1, np.float32), live=True)
    seen = run(session, 3.0, step_s=0.02)
    assert np.abs(seen.pcm).max() > 0.09
    assert [type(e) for e in seen.events] == [SpeakStarted, SpeakEnded]


def test_a_view_that_cannot_be_made_leaves_the_one_there_is(
    portrait: Portrait, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(1) as executor:
        session = made(portrait, executor=executor)
        run(session, 0.3)
        monkeypatch.setattr(session._views, "_make", lambda **_: 1 / 0)
        session.set(Controls(seed=3, distance=1.5))
        executor.submit(int).result()
        assert run(session, 0.6, start_s=0.3).frames


def test_dials_turn_while_it_talks(portrait: Portrait, voice: np.ndarray) -> None:
    session = made(portrait)
    session.push_audio(voice)
    seen = run(session, 1.0)
    session.set(Controls(seed=3, gaze=(20, 0), distance=1.3))
    seen = run(session, 4.0, start_s=1.0, step_s=0.025, seen=seen)
    look = np.array([f.moment[INDEX["eyeLookOutLeft"]] for f in seen.frames])
    assert look[-30:].mean() > look[:30].mean() + 0.3
    assert np.abs(seen.frames[-1].image.astype(int) - seen.frames[30].image).mean() > 5


def test_the_partner_is_listened_to_and_not_heard(portrait: Portrait, voice: np.ndarray) -> None:
    alone, other = made(portrait), made(portrait)
    run(alone, 0.51)
    run(other, 0.51)
    other.push_partner(voice)
    first = run(alone, 5.0, start_s=0.51, step_s=0.025)
    second = run(other, 5.0, start_s=0.51, step_s=0.025)
    assert not second.pcm.any()
    looks = [np.array([f.moment for f in s.frames]) for s in (first, second)]
    assert np.abs(looks[0] - looks[1]).max() > 0.1


def test_bad_input_is_refused(portrait: Portrait) -> None:
    session = made(portrait)
    with pytest.raises(BadSamplesError):
        session.push_audio(np.array([np.nan], np.float32))
    with pytest.raises(OptionError):
        session.push_audio(np.zeros((2, 4), np.float32))
    session.push_audio(np.zeros(590 * 16_000, np.float32))
    with pytest.raises(OptionError, match="10 minutes"):
        session.push_audio(np.zeros(11 * 16_000, np.float32))
    assert session.queued_s < 591
    session.step(1.0)
    with pytest.raises(OptionError, match="after"):
        session.step(0.5)
