"""The puppeteer's moments on the session's clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gioconda.errors import OptionError
from gioconda.live.puppet import PuppetStream
from gioconda.live.puppet.stream import ARRIVE_S, EASE_S, HELD_S
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, MOUTH_CHANNELS, moment, neutral

YAW = INDEX["headYaw"]
CLIENT_S = 5000.0  #: the client's clock when the session's is 0
FPS = 40


def turning(time_s: float) -> np.ndarray:
    return moment(headYaw=10 * np.sin(2 * np.pi * 0.5 * time_s), articulation=1)


def played(
    sent_s: np.ndarray, delays_s: np.ndarray, end_s: float, stream: PuppetStream | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Send moments and read them at the session's frames; instants, yaws, presences."""
    stream = stream or PuppetStream()
    arrivals = sent_s + delays_s
    order = np.argsort(arrivals, kind="stable")
    at, yaws, presences, k = np.arange(0, end_s, 1 / FPS), [], [], 0
    for now in at:
        while k < len(order) and arrivals[order[k]] <= now:
            i = order[k]
            stream.push(CLIENT_S + sent_s[i], turning(sent_s[i]), arrivals[i])
            k += 1
        read, presence = stream.at(now)
        yaws.append(0.0 if read is None else read[YAW])
        presences.append(presence)
    return at, np.array(yaws), np.array(presences)


def test_a_steady_camera_is_followed_smoothly_a_frame_behind() -> None:
    sent = np.arange(0, 6, 1 / 30)
    at, yaws, presences = played(sent, np.full(len(sent), 0.03), 6)
    late = at > 1
    lags = np.arange(0, 0.2, 0.005)
    errors = [np.abs(yaws - [turning(t - lag)[YAW] for t in at])[late].max() for lag in lags]
    best = int(np.argmin(errors))
    assert errors[best] < 0.3
    assert 0.05 <= lags[best] <= 0.09  # 30 ms on the way and a frame of 33
    assert (presences[at > ARRIVE_S + 0.1] == 1).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([15.0, 22.0, 30.0]))
def test_jitter_of_camera_and_network_does_not_shake_the_face(seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    sent = np.cumsum(rng.uniform(0.6, 1.4, round(5 * rate)) / rate)
    at, yaws, _ = played(sent, 0.02 + rng.uniform(0, 0.03, len(sent)), 4.5)
    settled = at > 1.5
    steps = np.diff(yaws[settled])
    assert np.abs(steps).max() < 4 * 10 * np.pi / FPS  # the motion's own steps, and catching up
    true = np.array([turning(t - 0.1)[YAW] for t in at])
    assert np.corrcoef(yaws[settled], true[settled])[0, 1] > 0.97


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.12, 0.7), st.floats(0, 0.3)), min_size=1, max_size=40))
def test_nothing_jumps_whatever_comes(steps: list[tuple[float, float]]) -> None:
    """Between a moment of yaw 10 and one of -10, at any gaps, the face goes smoothly."""
    stream, sent, pushes = PuppetStream(), 0.0, []
    for i, (gap, delay) in enumerate(steps):
        sent += gap
        pushes.append((sent + delay, sent, moment(headYaw=10 if i % 2 else -10)))
    shown = []
    for now in np.arange(0, sent + 2, 0.01):
        for arrived, client, m in [p for p in pushes if now - 0.01 < p[0] <= now]:
            stream.push(client, m, arrived)
        face = stream.over(neutral(), now)
        assert np.abs(face).max() <= 10.001
        shown.append(face[YAW])
    assert np.abs(np.diff(shown)).max() < 4  # 20 within 0.12 s, read half as fast again: 2.5
    assert shown[-1] == pytest.approx(0, abs=1e-5)


def test_silence_is_held_and_then_left() -> None:
    sent = np.arange(0, 2, 1 / 30)
    at, _, presences = played(sent, np.full(len(sent), 0.02), 4)
    assert (presences[(at > 1) & (at < 2 + HELD_S)] == 1).all()
    assert (presences[at > 2 + HELD_S + EASE_S + 0.15] == 0).all()
    assert np.abs(np.diff(presences)).max() < 0.12


def test_coming_back_does_not_jump() -> None:
    sent = np.concatenate([np.arange(0, 1.8, 1 / 30), np.arange(2.2, 4, 1 / 30)])
    _, yaws, _ = played(sent, np.full(len(sent), 0.02), 4)
    assert np.abs(np.diff(yaws)).max() < 2.2


def test_a_clock_that_drifts_is_followed() -> None:
    true_s = np.arange(0, 120, 1 / 30)
    stream = PuppetStream()
    for i, now in enumerate(true_s):
        stream.push(now * 1.0005, moment(headYaw=i), now + 0.02)  # 60 ms ahead at the end
        read, _ = stream.at(now + 0.025)
    assert read is not None
    assert len(true_s) - 1 - read[YAW] < 3


def test_a_page_loaded_anew_has_another_clock() -> None:
    stream = PuppetStream()
    for i in range(30):
        stream.push(900 + i / 30, moment(headYaw=5), i / 30)
        stream.at(i / 30)
    shown = []
    for i in range(30, 90):
        stream.push((i - 30) / 30, moment(headYaw=-5), i / 30)
        shown.append(stream.at(i / 30)[0][YAW])  # type: ignore[index]
    assert shown[-1] == pytest.approx(-5)
    assert np.abs(np.diff(shown)).max() < 2.0


def test_the_voice_keeps_the_lips_in_head_mode() -> None:
    all_on = np.ones(len(CHANNELS), np.float32)
    performed = np.full(len(CHANNELS), 0.25, np.float32)
    for mode, kept in (("head", {*MOUTH_CHANNELS, "breath"}), ("face", {"breath"})):
        stream = PuppetStream(mode)
        for i in range(40):
            stream.push(i / 30, all_on, i / 30)
            face = stream.over(performed, i / 30)
        left = {n for n in CHANNELS if face[INDEX[n]] == pytest.approx(0.25)}
        driven = {n for n in CHANNELS if face[INDEX[n]] == pytest.approx(1, abs=1e-5)}
        assert left == kept
        assert driven == set(CHANNELS) - kept
    assert (
        {"jawOpen", "mouthClose", "articulation", "tongueOut"}
        <= set(MOUTH_CHANNELS)
        <= set(CHANNELS)
    )
    assert not any(n.startswith(("eye", "brow", "nose", "head")) for n in MOUTH_CHANNELS)
    assert set(MOUTH_CHANNELS) - {"articulation"} < set(BLENDSHAPES)


def test_without_a_puppeteer_the_performance_is_untouched() -> None:
    performed = turning(0.3)
    stream = PuppetStream()
    assert stream.over(performed, 0.0) is performed
    stream.push(1.0, None, 0.1)
    assert stream.over(performed, 0.2) is performed


def test_what_is_held_does_not_grow() -> None:
    stream = PuppetStream()
    for i in range(5000):
        stream.push(i / 30, moment(headYaw=1), i / 30)
    assert len(stream._moments) < 100


def test_bad_moments_are_refused() -> None:
    with pytest.raises(OptionError, match="mode"):
        PuppetStream("lips")
    stream = PuppetStream()
    for time_s, m in ((np.nan, neutral()), (0.0, np.zeros(3)), (0.0, np.full(60, np.inf))):
        with pytest.raises(OptionError):
            stream.push(time_s, m, 0.0)
    assert stream.at(0.1) == (None, 0.0)
