"""Lips that reach beyond their landmarks in photos of wide open mouths."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tests.render.mesh_faces import canonical_view

from gioconda.portrait.types import View
from gioconda.render.mesh import topology as topo
from gioconda.render.mesh.build import build_mesh
from gioconda.render.mesh.closing import closing_displacement, face_in_mm
from gioconda.render.mesh.lower_lip import LONGEST_MM, lip_overhang

SKIN, LIP = (190, 160, 140), (200, 110, 110)


def astonished(overhang_mm: float) -> View:
    """A wide open mouth whose painted lower lip ends so far below its outer landmarks."""
    view = canonical_view(mouth_gap=0.3)
    mesh = build_mesh(view)
    image = np.full_like(view.image, 128)
    image[:] = SKIN
    lip = mesh.landmarks[list(topo.LIPS_OUTER), :2].copy()
    lower = [topo.LIPS_OUTER.index(i) for i in topo.LOWER_LIP_OUTER]
    lip[lower, 1] += overhang_mm * mesh.mm
    cv2.fillPoly(image, [np.round(lip * 16).astype(np.int32)], LIP, cv2.LINE_AA, 4)
    return replace(view, image=image)


@pytest.mark.parametrize("overhang_mm", [2.0, 4.0, 6.0])
def test_the_lip_beyond_its_landmarks_is_measured(overhang_mm: float) -> None:
    view = astonished(overhang_mm)
    assert lip_overhang(build_mesh(view), view.image, 20.0) == pytest.approx(overhang_mm, abs=1.5)


def test_nothing_is_measured_where_lips_meet_their_landmarks_or_look_like_skin() -> None:
    right = astonished(0.0)
    assert lip_overhang(build_mesh(right), right.image, 20.0) < 0.5
    grey = canonical_view(mouth_gap=0.3)
    assert lip_overhang(build_mesh(grey), grey.image, 20.0) == 0


def test_narrow_gaps_are_not_measured_and_the_measure_comes_gradually() -> None:
    view = astonished(4.0)
    mesh = build_mesh(view)
    found = [lip_overhang(mesh, view.image, gap) for gap in (5.0, 7.0, 9.0, 12.0)]
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] <= LONGEST_MM


def test_a_closed_lip_is_no_thicker_for_what_hung_out() -> None:
    """The painted edge, not the landmarks, ends up where a closed lip ends."""
    below = {}
    for overhang_mm in (0.0, 6.0):
        view = astonished(overhang_mm)
        mesh = build_mesh(view)
        face = face_in_mm(mesh)
        closing, _ = closing_displacement(mesh, view.image)
        closed = face + closing
        # Where the painted edge goes: between the landmarks of the middle column round it.
        column = [14, 17, 18, 200, 199]
        edge = face[17, 1] + overhang_mm
        below[overhang_mm] = np.interp(edge, face[column, 1], closed[column, 1]) - closed[14, 1]
        assert (np.diff(closed[[14, 17, 18, 200, 199, 175, 152], 1]) > 0).all()
    assert below[6.0] < 1.35 * below[0.0]
