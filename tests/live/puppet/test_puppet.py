"""Webcam frames become the motion that was made, each from the past alone."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor, Future

import numpy as np
import pytest
from tests.live.puppet.conftest import RATE_HZ, REST_S, known_motion

from gioconda.errors import OptionError
from gioconda.interchange.face_model import opening_rows
from gioconda.live.puppet import Puppet
from gioconda.live.puppet.puppet import LEARNING_S
from gioconda.motion import CHANNELS, INDEX, gaze_of

Frames = list[tuple[float, np.ndarray]]
YAW, JAW = INDEX["headYaw"], INDEX["jawOpen"]
GREY = np.full((384, 512, 3), 120, np.uint8)


def driven(frames: Iterable[tuple[float, np.ndarray]], start_s: float = 100.0) -> np.ndarray:
    """What comes out, (T, 60); NaN for nothing."""
    nothing = np.full(len(CHANNELS), np.nan)
    with Puppet() as puppet:
        moments = [puppet.step(image, start_s + t) for t, image in frames]
    return np.stack([nothing if m is None else m for m in moments])


@pytest.fixture(scope="module")
def moments(webcam: Frames) -> np.ndarray:
    return driven(webcam)


def opening(values: np.ndarray) -> np.ndarray:
    result: np.ndarray = values[:, :52] @ np.asarray(opening_rows())[0]
    return result


def test_the_face_is_learnt_before_it_drives(moments: np.ndarray) -> None:
    known = np.flatnonzero(np.isfinite(moments[:, 0]))
    assert known[0] / RATE_HZ == pytest.approx(LEARNING_S, abs=0.1)
    assert np.isfinite(moments[known[0] :]).all()
    assert np.abs(moments[known[0]]).max() < 0.05  # and takes over from rest


def test_head_jaw_and_lids_come_back(moments: np.ndarray) -> None:
    truth = known_motion().values
    moving = slice(round(2.0 * RATE_HZ), None)
    yaw, jaw = moments[moving, YAW], opening(moments[moving])
    assert np.corrcoef(yaw, truth[moving, YAW])[0, 1] > 0.9
    assert 0.7 < yaw.std() / truth[moving, YAW].std() < 1.35
    assert np.corrcoef(jaw, truth[moving, JAW])[0, 1] > 0.9
    blink = moments[:, INDEX["eyeBlinkLeft"]]
    true_blink = truth[:, INDEX["eyeBlinkLeft"]]
    assert abs(int(np.nanargmax(blink)) - int(np.argmax(true_blink))) <= 1
    # The tracker sees our lids less closed than they are, and this is the first blink.
    assert np.nanmax(blink) > np.nanmedian(blink) + 0.3
    assert (moments[moving, INDEX["articulation"]] == 1).all()
    assert (moments[moving, INDEX["breath"]] == 0).all()


def test_at_rest_nothing_moves(moments: np.ndarray) -> None:
    end = moments[round(4.1 * RATE_HZ) :]
    assert opening(end).max() < 0.5  # closed lips close
    assert np.abs(np.diff(end[:, YAW])).max() < 0.25
    assert np.abs(end[:, YAW]).max() < 2.5
    assert max(abs(v) for row in end for v in gaze_of(row)) < 5


def test_no_frame_knows_the_future(webcam: Frames, moments: np.ndarray) -> None:
    np.testing.assert_array_equal(driven(webcam[:60]), moments[:60])


def test_frames_may_come_irregularly(webcam: Frames, moments: np.ndarray) -> None:
    """About 15 a second with gaps, at jittered instants: the same motion."""
    rng = np.random.default_rng(3)
    chosen = sorted(rng.choice(len(webcam), size=round(0.62 * len(webcam)), replace=False))
    found = driven([webcam[i] for i in chosen])
    both = np.isfinite(found[:, 0]) & np.isfinite(moments[chosen, 0])
    at = np.array(chosen)[both]
    later = at > 2.0 * RATE_HZ
    yaw, full = found[both][later, YAW], moments[at[later], YAW]
    assert np.abs(yaw - full).mean() < 1.5
    assert np.corrcoef(yaw, full)[0, 1] > 0.95


def test_a_lost_face_goes_to_rest_and_comes_back_without_a_jump(webcam: Frames) -> None:
    away = range(round(2.4 * RATE_HZ), round(3.2 * RATE_HZ))
    frames = [(t, GREY if i in away else image) for i, (t, image) in enumerate(webcam)]
    found = driven(frames)
    rest = found[away.start + round(0.6 * RATE_HZ)]
    assert np.isnan(rest).all() or np.abs(rest).max() < 1e-6
    assert np.isfinite(found[away.stop + 4 :]).all()
    shown = np.nan_to_num(found)
    usual = np.abs(np.diff(shown[round(REST_S * RATE_HZ) : away.start, YAW])).max()
    assert np.abs(np.diff(shown[away.start :, YAW])).max() < max(2 * usual, 2.5)


def test_one_frame_missed_is_not_seen(webcam: Frames) -> None:
    at = round(2.9 * RATE_HZ)
    found = driven([(t, GREY if i == at else image) for i, (t, image) in enumerate(webcam)])
    np.testing.assert_array_equal(found[at], found[at - 1])


def test_the_one_followed_stays(webcam: Frames) -> None:
    """A second, smaller face beside it: neither while the first is there, nor when it hides."""
    import cv2

    small = [cv2.resize(image, (256, 192)) for _, image in webcam]
    hidden = range(round(2.8 * RATE_HZ), round(3.7 * RATE_HZ))
    frames = []
    for i, (t, image) in enumerate(webcam):
        both = np.full((384, 768, 3), 90, np.uint8)
        both[:, :512] = 90 if i in hidden else image
        both[100:292, 512:] = small[(i + 40) % len(small)]  # the other does something else
        frames.append((t, both))
    found = driven(frames)
    truth = known_motion().values[:, YAW]
    seen = slice(round(2.0 * RATE_HZ), hidden.start)
    assert np.corrcoef(found[seen, YAW], truth[seen])[0, 1] > 0.9
    gone = found[hidden.start + round(0.6 * RATE_HZ) : hidden.stop]
    assert np.isnan(gone).all() or np.nanmax(np.abs(gone)) < 1e-6
    assert np.isfinite(found[-1]).all()


def test_recentre_takes_the_present_for_rest(webcam: Frames) -> None:
    turned = webcam[round((REST_S + 0.5) * RATE_HZ)][1]  # 12 degrees aside
    with Puppet() as puppet:
        for t, image in webcam[: round((REST_S + 0.5) * RATE_HZ)]:
            puppet.step(image, t)
        yaws = []
        for i in range(75):
            if i == 20:
                puppet.recentre()
            moment = puppet.step(turned, REST_S + 0.5 + (i + 1) / RATE_HZ)
            assert moment is not None
            yaws.append(float(moment[YAW]))
    assert yaws[19] > 6
    assert abs(yaws[-1]) < 2
    assert np.abs(np.diff(yaws)).max() < 3


def test_another_size_of_frame_is_another_camera(webcam: Frames) -> None:
    with Puppet() as puppet:
        for t, image in webcam[:40]:
            puppet.step(image, t)
        assert puppet.is_ready
        puppet.step(np.ascontiguousarray(webcam[40][1][:, 20:-20]), webcam[40][0])
        assert not puppet.is_ready


def test_the_face_may_be_built_beside_the_frames(webcam: Frames) -> None:
    class Later(Executor):
        def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
            self.job, self.future = fn, Future()
            return self.future

    later = Later()
    with Puppet(later) as puppet:
        for t, image in webcam[:40]:
            assert puppet.step(image, t) is None
        later.future.set_result(later.job())
        assert puppet.step(webcam[40][1], webcam[40][0]) is not None
        assert puppet.is_ready


def test_a_page_loaded_anew_goes_on_with_another_clock(webcam: Frames) -> None:
    with Puppet() as puppet:
        for t, image in webcam[:60]:
            puppet.step(image, 500 + t)
        moments = [puppet.step(image, t) for t, image in webcam[60:]]
    yaws = [m[YAW] for m in moments if m is not None]
    assert len(yaws) == len(moments)
    truth = known_motion().values[60:, YAW]
    assert np.corrcoef(yaws, truth)[0, 1] > 0.9


def test_bad_frames_are_refused_and_old_ones_ignored(webcam: Frames) -> None:
    puppet = Puppet()
    with pytest.raises(OptionError, match="not started"):
        puppet.step(GREY, 0.0)
    with puppet:
        for bad in (GREY[..., 0], GREY.astype(np.float32)):
            with pytest.raises(OptionError, match="uint8 RGB"):
                puppet.step(bad, 0.0)
        with pytest.raises(OptionError, match="is least"):
            puppet.step(GREY[:0], 0.0)
        with pytest.raises(OptionError, match="no number"):
            puppet.step(GREY, np.nan)
        for t, image in webcam[:45]:
            last = puppet.step(image, t)
        assert last is not None
        again = puppet.step(GREY, webcam[30][0])
        np.testing.assert_array_equal(again, last)
