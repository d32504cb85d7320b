"""The main job in three calls: :func:`animate`, :func:`perform`, :func:`render_motion`."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.animation import Animation, Progress
from gioconda.background import BackgroundLike, background_of
from gioconda.control_track import ControlTrack, Direction, track_of
from gioconda.controls import Controls
from gioconda.errors import OptionError
from gioconda.frame_maker import KEPT, check_options
from gioconda.motion import Motion, concatenate
from gioconda.partner import paired_chunks
from gioconda.session import Performance

if TYPE_CHECKING:
    from gioconda.portrait import Portrait
    from gioconda.portrait.decode import PictureSource
    from gioconda.speech.known_phones import PhoneTrack
    from gioconda.speech.sound import Sound
    from gioconda.trust.label import LabelLike
    from gioconda.trust.provenance import Basis, Driver, Grant


def animate(
    portrait: Portrait | PictureSource | PathLike[str],
    sound: str | PathLike[str] | Sound | None,
    controls: Direction | None = None,
    *,
    partner: str | PathLike[str] | Sound | None = None,
    fps: float = 40.0,
    size: int = 512,
    framing: str = "crop",
    background: BackgroundLike = KEPT,
    performer: str = "rules",
    renderer: str = "mesh",
    transcript: str | PathLike[str] | None = None,
    language: str | None = None,
    basis: Basis | None = None,
    label: LabelLike = False,
) -> Animation:
    """Make a portrait speak with a sound.

    Args:
        portrait: a :class:`gioconda.Portrait`, or a picture's path, bytes or array.
        sound: a :class:`gioconda.Sound`, or the path of anything with sound in it; None to
            listen in silence.
        controls: the dials, :class:`gioconda.Controls` or, over time,
            :class:`gioconda.ControlTrack`; defaults if None.
        partner: somebody else's sound over the same time, which is listened to. The video lets
            both be heard; one's own sound sets the length, and a longer partner's is cut.
        fps: frames a second, 24 to 60.
        size: side of the square: 256, 512, 768 or 1024. The whole picture keeps its own.
        framing: ``"crop"`` for the square, ``"full"`` for the whole picture.
        background: ``"keep"``, ``"blur"``, ``"none"`` (transparent), a colour (``"red"``,
            ``"#1e90ff"``) or a picture's path; on ``"crop"`` only.
        performer: name in the registry of performers.
        renderer: name in the registry of renderers.
        transcript: the words of the sound, or a .txt, .srt or .vtt file of them, which make the
            lips sharper; not needed.
        language: of the transcript, as espeak-ng names it; by its script, or English, if None.
        basis: on which the portrait is animated: ``self``, ``permission``, ``artwork``,
            ``synthetic``, or a grant given for one; None relies on the ledger of consent.
        label: draw the word "Synthetic" in a corner, where it covers no face; a language
            (``"de"``) says in which.

    Returns:
        An :class:`Animation`, to ``save`` or to iterate.

    Raises:
        OptionError: an option is out of range, or there is no sound at all.
        PortraitError: the picture cannot be animated.
        ConsentError: it may not be animated: nothing was stated, or it was revoked or has expired.
        SoundError: the sound cannot be used.
        TranscriptError: the transcript cannot be used.
        VoiceError: a transcript needs espeak-ng, which is not installed, or lacks the language.
    """
    from gioconda.trust.label import label_language

    controls = controls or Controls()
    behind = background_of(background)
    for distance in track_of(controls).distances:
        check_options(fps, size, framing, distance, behind)
    person = _portrait(portrait)
    grant = _granted(person, basis)
    label_language(label)
    own, other = _voices(sound, partner)
    return Animation(
        person, own, None, controls, float(fps), size, framing,
        performer, renderer, behind, _phones(own, transcript, language), other, grant, label=label,
    )  # fmt: skip


def perform(
    sound: str | PathLike[str] | Sound | None,
    controls: Direction | None = None,
    *,
    partner: str | PathLike[str] | Sound | None = None,
    performer: str = "rules",
    progress: Progress | None = None,
    transcript: str | PathLike[str] | None = None,
    language: str | None = None,
) -> Motion:
    """Return the motion that a sound calls for, at 50 Hz, without a face.

    Args:
        sound: a :class:`gioconda.Sound`, or a path; None to listen in silence.
        controls: the dials, :class:`gioconda.Controls` or, over time,
            :class:`gioconda.ControlTrack`; defaults if None.
        partner: somebody else's sound over the same time, which is listened to; one's own sets
            the length.
        performer: a name in the registry.
        progress: told the seconds done and, where known, the sound's duration.
        transcript: the words of the sound, as in :func:`animate`.
        language: of the transcript.

    Raises:
        OptionError: there is no sound at all.
        SoundError: the sound cannot be used.
        TranscriptError, VoiceError: as in :func:`animate`.
    """
    own, other = _voices(sound, partner)
    heard = own or other
    phones = _phones(own, transcript, language)
    performance = Performance(controls, performer=performer, phones=phones)
    parts: list[Motion] = []
    done = 0
    for pcm, others in paired_chunks(own, other):
        parts.append(performance.push(pcm, partner=others))
        done += len(pcm)
        if progress is not None:
            progress(done / 16_000, heard.duration_s if heard else None)
    parts += performance.finish()
    return concatenate(parts)


def render_motion(
    portrait: Portrait | PictureSource | PathLike[str],
    motion: Motion | str | PathLike[str],
    sound: str | PathLike[str] | Sound | None = None,
    *,
    fps: float = 40.0,
    size: int = 512,
    framing: str = "crop",
    distance: float | ControlTrack = 1.0,
    background: BackgroundLike = KEPT,
    renderer: str = "mesh",
    basis: Basis | None = None,
    person_in: str | PathLike[str] | None = None,
    label: LabelLike = False,
) -> Animation:
    """Show a motion on a portrait, with a sound beside it if one is given.

    Motion and sound share one clock: frame 0 is the instant 0 of both, and motion that starts
    later holds its first row until then.

    Args:
        portrait: a :class:`gioconda.Portrait`, or a picture's path, bytes or array.
        motion: a :class:`gioconda.Motion`, or the path of a .npz or .csv file of motion.
        sound: put beside the picture if given.
        fps: frames a second, 24 to 60.
        size: side of the square: 256, 512, 768 or 1024. The whole picture keeps its own.
        framing: ``"crop"`` for the square, ``"full"`` for the whole picture.
        distance: of the camera, 0.7 to 2, or a track that says it over time; what else the
            track says is the motion's own.
        background: as in :func:`animate`.
        renderer: name in the registry of renderers.
        basis: on which the portrait is animated, as in :func:`animate`.
        person_in: the video from which the motion was taken, if it was; the output's credentials
            then say that a person moved the face.
        label: as in :func:`animate`.

    Raises:
        OptionError: an option is out of range.
        ConsentError: the portrait may not be animated.
        PortraitError, MotionError, SoundError: what the inputs raise.
    """
    from gioconda.trust import origins
    from gioconda.trust.label import label_language

    controls = distance if isinstance(distance, ControlTrack) else Controls(distance=distance)
    behind = background_of(background)
    for off in track_of(controls).distances:
        check_options(fps, size, framing, off, behind)
    label_language(label)
    loaded = motion if isinstance(motion, Motion) else Motion.load(str(motion))
    if person_in is not None:
        driven: Driver = "person"
        sources = origins.file_of(Path(person_in), "motion")
    else:
        driven = "motion"
        sources = (
            origins.motion_of(loaded) if isinstance(motion, Motion)
            else origins.file_of(Path(motion), "motion")
        )  # fmt: skip
    opened = None if sound is None else _sound(sound)
    person = _portrait(portrait)
    return Animation(
        person, opened, loaded, controls, float(fps), size, framing,
        renderer=renderer, background=behind, grant=_granted(person, basis), driver=driven,
        origins=sources, label=label,
    )  # fmt: skip


def _portrait(portrait: Portrait | PictureSource | PathLike[str]) -> Portrait:
    from gioconda.portrait import Portrait

    if isinstance(portrait, Portrait):
        return portrait
    return Portrait.open(Path(portrait) if isinstance(portrait, PathLike) else portrait)


def _granted(portrait: Portrait, basis: Basis | None) -> Grant:
    from gioconda.trust.consent.requirement import granted

    return granted(portrait, basis)


def _sound(sound: str | PathLike[str] | Sound) -> Sound:
    from gioconda.speech.sound import Sound

    return sound if isinstance(sound, Sound) else Sound.open(sound)


def _voices(
    sound: str | PathLike[str] | Sound | None, partner: str | PathLike[str] | Sound | None
) -> tuple[Sound | None, Sound | None]:
    """Open one's own sound and the partner's.

    Raises:
        OptionError: there is neither.
    """
    if sound is None and partner is None:
        raise OptionError("a sound is needed: one's own, or a partner's to listen to")
    return (
        None if sound is None else _sound(sound),
        None if partner is None else _sound(partner),
    )


def _phones(
    sound: Sound | None, transcript: str | PathLike[str] | None, language: str | None
) -> PhoneTrack | None:
    """Return the phones that are known: those of a transcript, else the sound's own."""
    if transcript is None:
        return None if sound is None else sound.phones
    if sound is None:
        raise OptionError("a transcript needs the sound of its words")
    from gioconda.speech.transcribed import transcribed_phones

    return transcribed_phones(sound, transcript, language)
