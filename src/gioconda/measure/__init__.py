"""Measure: figures of lip sync, of motion and of speed."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

_HOMES: Final = {
    "CurvePair": "lip_score",
    "CurveScore": "lip_score",
    "LipCurves": "lip_score",
    "score_curves": "lip_score",
    "find_cases": "cases",
    "Stage": "performances",
    "measure_lips": "lip_report",
    "MotionStatistics": "motion_stats",
    "REAL_TALKERS": "motion_stats",
    "motion_statistics": "motion_stats",
    "TrackedFace": "tracking",
    "track_frames": "tracking",
    "track_video": "tracking",
}

__all__ = [
    "REAL_TALKERS", "CurvePair", "CurveScore", "LipCurves", "MotionStatistics", "Stage",
    "TrackedFace", "find_cases", "measure_lips", "motion_statistics", "score_curves",
    "track_frames", "track_video",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"gioconda.measure.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
