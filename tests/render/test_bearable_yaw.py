from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gioconda.render.mesh.deform import bearable_yaw

ANGLES = st.floats(-45, 45)


@given(yaw=ANGLES, own=st.floats(-8.9, 8.9))
def test_frontal_portraits_turn_as_told(yaw: float, own: float) -> None:
    assert bearable_yaw(yaw, own) == yaw


@given(yaw=st.floats(0, 45), own=st.floats(0, 45))
def test_away_from_the_camera_nothing_is_limited(yaw: float, own: float) -> None:
    assert bearable_yaw(yaw, own) == yaw
    assert bearable_yaw(-yaw, -own) == -yaw


@given(yaw=st.floats(0, 45), own=st.floats(25, 45))
def test_towards_an_unseen_side_the_turn_is_soft_and_bounded(yaw: float, own: float) -> None:
    drawn = bearable_yaw(-yaw, own)
    assert -17.0 <= drawn <= 0
    assert bearable_yaw(yaw, -own) == pytest.approx(-drawn)


def test_small_turns_are_nearly_what_was_asked_and_order_is_kept() -> None:
    asked = np.linspace(-30, 30, 121)
    drawn = np.array([bearable_yaw(float(y), 30.0) for y in asked])
    assert (np.diff(drawn) > 0).all()
    assert bearable_yaw(-2.0, 30.0) == pytest.approx(-2.0, abs=0.1)


@given(own=st.floats(9, 45))
def test_fifteen_degrees_towards_the_camera_are_nearly_reached(own: float) -> None:
    assert bearable_yaw(-15.0, own) < -13.5
    assert bearable_yaw(-8.0, own) == -8.0
