"""The commands that take motion from a video: track, and animate with --motion-from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.cli.consent_options import NOTHING, Stating
from gioconda.cli.making import (
    Look,
    is_folder,
    save_animation,
    video_target,
)
from gioconda.cli.voice import Voice
from gioconda.errors import OptionError
from gioconda.frame_maker import check_options

if TYPE_CHECKING:
    from gioconda.capture import Capture
    from gioconda.motion import Motion

#: Endings of names by which a picture is told from a sound.
_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif")


def track(
    video: str,
    output: str,
    *,
    face: int | None,
    reference: str,
    rate_hz: float | None,
    refine: bool,
    voice: Voice,
    force: bool,
    format: str | None = None,
) -> None:
    """Write the motion of a person in a video."""
    from gioconda.cli.motions import motion_target

    target = motion_target(output, format, rate_hz, force, inputs=[video])
    captured = _captured(
        video, voice, face=face, reference=reference, rate_hz=rate_hz, refine=refine
    )
    target.save(
        captured.motion,
        voice,
        said=f"; a face in {100 * captured.found_share:.0f} % of the frames, "
        f"{100 * captured.explained['all']:.0f} % of its motion in the shapes",
        reference=reference,
        reference_s=round(captured.reference_s, 4),
        refined=refine,
        found_share=round(captured.found_share, 4),
        explained={k: round(v, 3) for k, v in captured.explained.items()},
    )


def animate_from(
    video: str,
    inputs: list[str],
    named_portraits: list[str],
    named_sounds: list[str],
    output: str | None,
    *,
    head: float,
    video_face: int | None,
    look: Look,
    voice: Voice,
    consent: Stating = NOTHING,
    force: bool,
) -> None:
    """Drive one portrait by a video of a person; the video's sound is kept if no other is given."""
    check_options(look.fps, look.size, look.framing, look.distance, look.background)
    if not 0 <= head <= 2:
        raise OptionError(f"head is {head:g}; it must be between 0 and 2")
    portrait, sound = _split(inputs, named_portraits, named_sounds)
    if is_folder(output):
        raise OptionError("--motion-from drives one portrait; the output is a file, not a folder")
    target = video_target(output, portrait, force, look, inputs=[portrait, video, sound or ""])
    from gioconda.cli.consenting import granted
    from gioconda.pipeline import render_motion
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

    person = Portrait.open(portrait, face=look.face)
    grant = granted(person, consent, voice)
    if sound is None and _has_sound(video):
        sound = video
    opened = None if sound is None else Sound.open(sound)
    try:
        captured = _captured(video, voice, face=video_face)
        motion = _with_head(captured.motion, head)
        animation = render_motion(
            person, motion, opened, fps=look.fps, size=look.size, framing=look.framing,
            distance=look.distance, background=look.background, person_in=video,
            label=look.label, basis=grant,
        )  # fmt: skip
        save_animation(animation, target, look, voice, force=force)
    finally:
        if opened is not None:
            opened.close()


def refuse_controls(given: dict[str, bool]) -> None:
    """Refuse controls of a performance: with --motion-from it is the video's.

    Args:
        given: whether each was set, by its name on the command line.

    Raises:
        OptionError: one was.
    """
    for name, is_given in given.items():
        if is_given:
            raise OptionError(
                f"{name} shapes a performance made from sound; with --motion-from the person in "
                "the video performs (only --head scales it), so leave it out"
            )


def _captured(
    video: str,
    voice: Voice,
    *,
    face: int | None = None,
    reference: str = "neutral",
    rate_hz: float | None = None,
    refine: bool = False,
) -> Capture:
    from gioconda.capture import capture

    with voice.bar(f"tracking {Path(video).name}", "frames") as bar:
        captured = capture(
            video, face=face, reference=reference, rate_hz=rate_hz, refine=refine, progress=bar,
            say=voice.say,
        )  # fmt: skip
    for warning in captured.warnings:
        voice.note(warning)
    return captured


def _with_head(motion: Motion, scale: float) -> Motion:
    """Return motion with its head pose scaled."""
    from dataclasses import replace

    from gioconda.motion import HEAD_CHANNELS, INDEX

    values = motion.values.copy()
    values[:, [INDEX[n] for n in HEAD_CHANNELS]] *= scale
    return replace(motion, values=values)


def _has_sound(video: str) -> bool:
    from gioconda.video.probe import probe

    return probe(video).audio_codec is not None


def _split(
    inputs: list[str], named_portraits: list[str], named_sounds: list[str]
) -> tuple[str, str | None]:
    """Tell the portrait from the sound, which may be missing.

    Raises:
        OptionError: there is no portrait, or more than one of either.
    """
    portraits, sounds = [*named_portraits, *inputs], list(named_sounds)
    if len(portraits) > 1 and not sounds and not portraits[-1].lower().endswith(_PICTURES):
        sounds.append(portraits.pop())
    if len(portraits) != 1 or len(sounds) > 1:
        raise OptionError(
            "--motion-from takes one portrait, and a sound only to replace the video's: "
            "gioconda animate PORTRAIT --motion-from VIDEO -o talk.mp4"
        )
    return portraits[0], sounds[0] if sounds else None
