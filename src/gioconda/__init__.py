"""Gioconda: one portrait and a voice become a talking face.

The short way::

    import gioconda

    portrait = gioconda.Portrait.open("portrait.jpg")
    gioconda.animate(portrait, "speech.wav").save("talk.mp4")

Each piece works alone: see ``docs/architecture.md`` for the rooms and their seams.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gioconda.controls import EMOTIONS, Controls
from gioconda.errors import GiocondaError

if TYPE_CHECKING:
    from gioconda.animation import Animation
    from gioconda.capture import track
    from gioconda.control_poses import Pose
    from gioconda.control_track import ControlTrack, Keyframe
    from gioconda.motion import BLENDSHAPES, CHANNELS, Motion, moment, neutral
    from gioconda.motion_plot import plot_motion
    from gioconda.performance import Performer, RulePerformer
    from gioconda.pipeline import animate, perform, render_motion
    from gioconda.portrait import Face, FaceFinder, Portrait, View
    from gioconda.render import MeshRenderer, Paster, Renderer
    from gioconda.session import Session, TimedFrame
    from gioconda.speaking import at_16k, say, speak
    from gioconda.speech import SpeechAnalyser, SpeechFeatures
    from gioconda.speech.sound import Sound
    from gioconda.trust.consent.statement import Guardian, Statement
    from gioconda.video import VideoWriter, open_writer
    from gioconda.voices import Spoken, TextToSpeech, TimedPhone

__version__ = "0.1.0"

#: Where each public name that is costly to import lives.
_HOMES = {
    "Animation": "gioconda.animation",
    "BLENDSHAPES": "gioconda.motion",
    "CHANNELS": "gioconda.motion",
    "ControlTrack": "gioconda.control_track",
    "Face": "gioconda.portrait",
    "FaceFinder": "gioconda.portrait",
    "Guardian": "gioconda.trust.consent.statement",
    "Keyframe": "gioconda.control_track",
    "MeshRenderer": "gioconda.render",
    "Motion": "gioconda.motion",
    "Paster": "gioconda.render",
    "Performer": "gioconda.performance",
    "Portrait": "gioconda.portrait",
    "Pose": "gioconda.control_poses",
    "Renderer": "gioconda.render",
    "RulePerformer": "gioconda.performance",
    "Session": "gioconda.session",
    "Sound": "gioconda.speech.sound",
    "SpeechAnalyser": "gioconda.speech",
    "SpeechFeatures": "gioconda.speech",
    "Spoken": "gioconda.voices",
    "Statement": "gioconda.trust.consent.statement",
    "TextToSpeech": "gioconda.voices",
    "TimedFrame": "gioconda.session",
    "TimedPhone": "gioconda.voices",
    "VideoWriter": "gioconda.video",
    "View": "gioconda.portrait",
    "animate": "gioconda.pipeline",
    "at_16k": "gioconda.speaking",
    "moment": "gioconda.motion",
    "neutral": "gioconda.motion",
    "open_writer": "gioconda.video",
    "perform": "gioconda.pipeline",
    "plot_motion": "gioconda.motion_plot",
    "render_motion": "gioconda.pipeline",
    "say": "gioconda.speaking",
    "speak": "gioconda.speaking",
    "track": "gioconda.capture",
}

__all__ = [
    "BLENDSHAPES",
    "CHANNELS",
    "EMOTIONS",
    "Animation",
    "ControlTrack",
    "Controls",
    "Face",
    "FaceFinder",
    "GiocondaError",
    "Guardian",
    "Keyframe",
    "MeshRenderer",
    "Motion",
    "Paster",
    "Performer",
    "Portrait",
    "Pose",
    "Renderer",
    "RulePerformer",
    "Session",
    "Sound",
    "SpeechAnalyser",
    "SpeechFeatures",
    "Spoken",
    "Statement",
    "TextToSpeech",
    "TimedFrame",
    "TimedPhone",
    "VideoWriter",
    "View",
    "__version__",
    "animate",
    "at_16k",
    "moment",
    "neutral",
    "open_writer",
    "perform",
    "plot_motion",
    "render_motion",
    "say",
    "speak",
    "track",
]


def __getattr__(name: str) -> Any:
    """Import costly names on first use, so that ``import gioconda`` stays instant."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'gioconda' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
