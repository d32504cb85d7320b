"""Options that several commands share, and how they are read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gioconda.controls import EMOTIONS, Controls
from gioconda.errors import OptionError

if TYPE_CHECKING:
    from gioconda.control_track import ControlTrack, Direction

#: Options that a file of controls may set instead.
_IN_A_FILE: Final = (
    "gaze", "distance", "emotion", "expression", "head", "blinks", "seed", "still",
)  # fmt: skip
LOOK = "Picture"
ACT = "Performance"

Output = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", show_default=False,
        help="Where the video goes: .mp4, .webm, .gif, a PNG sequence (name_%05d.png), or a "
        "folder for a batch. The portrait's name with .mp4 if not given.",
    ),
]  # fmt: skip
Fps = Annotated[
    float, typer.Option("--fps", help="Frames a second, 24 to 60.", rich_help_panel=LOOK)
]
Size = Annotated[
    int,
    typer.Option(
        "--size",
        rich_help_panel=LOOK,
        help="Side in pixels: 256, 512, 768 or 1024. --framing full keeps the picture's size.",
    ),
]
FramingOption = Annotated[
    str,
    typer.Option(
        "--framing", rich_help_panel=LOOK,
        help="crop: the square; full: pasted back into the whole picture.",
    ),
]  # fmt: skip
Label = Annotated[
    bool,
    typer.Option(
        "--label", rich_help_panel=LOOK,
        help="Write the word \"Synthetic\" into a corner, in your language.",
    ),
]  # fmt: skip
BackgroundOption = Annotated[
    str,
    typer.Option(
        "--background", metavar="keep|blur|COLOUR|IMAGE|none", rich_help_panel=LOOK,
        help="What is behind the person: red or #1e90ff, a picture's name; none is transparent "
        "(.webm, .mov, PNG sequence). With --framing crop.",
    ),
]  # fmt: skip
FaceOption = Annotated[
    int | None,
    typer.Option(
        "--face", rich_help_panel=LOOK, show_default=False,
        help="Which face, numbered left to right from 1; the largest if not given.",
    ),
]  # fmt: skip
Partner = Annotated[
    str | None,
    typer.Option(
        "--partner", metavar="SOUND", rich_help_panel=ACT, show_default=False,
        help="Somebody else's sound over the same time, which the face listens to; both are heard. "
        "One's own sound sets the length.",
    ),
]  # fmt: skip
TrackedFace = Annotated[
    int | None,
    typer.Option(
        "--face", show_default=False,
        help="Which face, numbered left to right from 1 as the video starts; the largest if not "
        "given.",
    ),
]  # fmt: skip
MotionFrom = Annotated[
    str | None,
    typer.Option(
        "--motion-from", metavar="VIDEO", rich_help_panel=ACT, show_default=False,
        help="A video of a person who drives the portrait, in place of a sound.",
    ),
]  # fmt: skip
MotionFace = Annotated[
    int | None,
    typer.Option(
        "--motion-face", rich_help_panel=ACT, show_default=False,
        help="Which face of that video, numbered left to right from 1; the largest if not given.",
    ),
]  # fmt: skip
Transcript = Annotated[
    str | None,
    typer.Option(
        "--text", metavar="TEXT|FILE", rich_help_panel=ACT, show_default=False,
        help="The words of the sound, or a .txt, .srt or .vtt of them: the lips get sharper.",
    ),
]  # fmt: skip
Language = Annotated[
    str | None,
    typer.Option(
        "--language", rich_help_panel=ACT, show_default=False,
        help="Of the text, as in it or en-gb; by its script, or English, if not given.",
    ),
]  # fmt: skip
Seed = Annotated[
    int, typer.Option("--seed", help="Another seed, another performance.", rich_help_panel=ACT)
]
Gaze = Annotated[
    str,
    typer.Option(
        "--gaze", metavar="YAW,PITCH", rich_help_panel=ACT,
        help="Where the eyes look, degrees: right and down are positive.",
    ),
]  # fmt: skip
Distance = Annotated[
    float,
    typer.Option(
        "--distance", help="Distance of the camera, 0.7 to 2; 1 as in the portrait.",
        rich_help_panel=LOOK,
    ),
]  # fmt: skip
Emotion = Annotated[
    str,
    typer.Option(
        "--emotion", metavar="NAME[:STRENGTH]", rich_help_panel=ACT,
        help=f"One of {', '.join(EMOTIONS)}, or auto, which follows the voice; strength 0 to 1. "
        "Two at once: sad:0.5+tender:0.3.",
    ),
]  # fmt: skip
ControlsFile = Annotated[
    str | None,
    typer.Option(
        "--controls", metavar="FILE", rich_help_panel=ACT, show_default=False,
        help="Controls over time, .json or .csv: keyframes and poses (docs/controls.md). An "
        "option given beside it must not be in it.",
    ),
]  # fmt: skip
Expression = Annotated[
    float,
    typer.Option("--expression", help="Scale of expressiveness, 0 to 2.", rich_help_panel=ACT),
]
Head = Annotated[
    float, typer.Option("--head", help="Scale of head movement, 0 to 2.", rich_help_panel=ACT)
]
Blinks = Annotated[
    float, typer.Option("--blinks", help="Scale of the blink rate, 0 to 2.", rich_help_panel=ACT)
]
Still = Annotated[
    bool, typer.Option("--still", help="Nothing moves but the mouth.", rich_help_panel=ACT)
]
STEPS = "Operations, in the order given"
MotionOutput = Annotated[
    str,
    typer.Option(
        "-o", "--output",
        help="Where the motion goes: .npz, .csv, .livelink.csv (as Live Link Face writes it), "
        ".bvh (the head), .glb or .gltf (a face for Blender and game engines).",
    ),
]  # fmt: skip
MotionFormat = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="npz|csv|livelink|bvh|glb|gltf", show_default=False,
        help="The format, where the name does not tell: livelink for a take.csv.",
    ),
]  # fmt: skip
MotionFile = Annotated[
    str, typer.Argument(help="Motion: .npz, .csv, a take of Live Link Face, or .bvh.")
]
Rate = Annotated[
    float | None,
    typer.Option(
        "--rate", show_default=False,
        help="Rows a second; the motion's own if none, and 60 for Live Link.",
    ),
]  # fmt: skip
Scale = Annotated[
    list[str] | None,
    typer.Option(
        "--scale", metavar="CHANNELS=FACTOR", rich_help_panel=STEPS, show_default=False,
        help="Multiply, as in head=0.5.",
    ),
]  # fmt: skip
Offset = Annotated[
    list[str] | None,
    typer.Option(
        "--offset", metavar="CHANNELS=AMOUNT", rich_help_panel=STEPS, show_default=False,
        help="Add, in the channel's unit, as in headYaw=5; gazeYaw and gazePitch in degrees.",
    ),
]  # fmt: skip
Mirror = Annotated[
    bool, typer.Option("--mirror", rich_help_panel=STEPS, help="Swap left and right.")
]
Smooth = Annotated[
    list[str] | None,
    typer.Option(
        "--smooth", metavar="CHANNELS=SECONDS", rich_help_panel=STEPS, show_default=False,
        help="Smooth over so many seconds, as in brows=0.2.",
    ),
]  # fmt: skip
Cut = Annotated[
    list[str] | None,
    typer.Option(
        "--cut", metavar="FROM:TO", rich_help_panel=STEPS, show_default=False,
        help="Keep what lies between, in seconds, as in 2.5:8 or 2.5:. Rows keep their times.",
    ),
]  # fmt: skip
Join = Annotated[
    list[str] | None,
    typer.Option(
        "--join", metavar="MOTION", rich_help_panel=STEPS, show_default=False,
        help="Append another motion, faded over.",
    ),
]  # fmt: skip
Replace = Annotated[
    list[str] | None,
    typer.Option(
        "--replace", metavar="CHANNELS=MOTION", rich_help_panel=STEPS, show_default=False,
        help="Take channels from another motion, as in mouth=other.npz.",
    ),
]  # fmt: skip
Speed = Annotated[
    list[str] | None,
    typer.Option(
        "--speed", metavar="FACTOR", rich_help_panel=STEPS, show_default=False,
        help="Play faster or slower, 0.1 to 10.",
    ),
]  # fmt: skip
Start = Annotated[
    list[str] | None,
    typer.Option(
        "--start", metavar="SECONDS", rich_help_panel=STEPS, show_default=False,
        help="Move in time, so that the motion starts there: 0 after a cut.",
    ),
]  # fmt: skip
Crossfade = Annotated[float, typer.Option("--crossfade", help="Seconds over which --join fades.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Force = Annotated[bool, typer.Option("--force", "-f", help="Replace an existing file.")]
# Names that people bring from the usual tools.
HiddenPortrait = Annotated[str | None, typer.Option("--source_image", hidden=True)]
HiddenSource = Annotated[str | None, typer.Option("--source", hidden=True)]
HiddenSound = Annotated[str | None, typer.Option("--driven_audio", hidden=True)]
HiddenAudio = Annotated[str | None, typer.Option("--audio", hidden=True)]


def split_inputs(
    inputs: list[str],
    named_portraits: list[str],
    named_sounds: list[str],
    *,
    listens: bool = False,
) -> tuple[list[str], str | None]:
    """Tell the portraits from the sound: the sound is named, or is the last of the inputs.

    Whoever listens may be silent: one input alone is then the portrait, and the sound is None.

    Raises:
        OptionError: a portrait or the sound is missing, or the sound is named twice.
    """
    if len(named_sounds) > 1:
        raise OptionError("the sound is named twice; give it once")
    named_sound = named_sounds[0] if named_sounds else None
    rest = list(inputs)
    if listens and named_sound is None and len(rest) + len(named_portraits) == 1:
        return named_portraits + rest, None
    sound = named_sound if named_sound is not None else (rest.pop() if rest else None)
    portraits = named_portraits + rest
    if sound is None or not portraits:
        raise OptionError(
            "a portrait and a sound are needed: gioconda animate PORTRAIT SOUND -o talk.mp4"
        )
    return portraits, sound


def controls(
    *,
    gaze: str,
    emotion: str,
    expression: float,
    head: float,
    blinks: float,
    seed: int,
    still: bool,
    distance: float = 1.0,
) -> ControlTrack:
    """Build the controls from the command line's words; two emotions at once are a keyframe.

    Raises:
        OptionError: one of them cannot be read or is out of range.
    """
    from gioconda.control_track import ControlTrack, Keyframe, emotion_strengths, parse_emotions

    strengths = parse_emotions(emotion)
    emotion_strengths(strengths)  # checks them
    name, strength = next(iter(strengths.items()))
    alone = len(strengths) == 1
    constant = Controls(
        gaze=_pair(gaze),
        distance=distance,
        emotion=name if alone else "neutral",
        emotion_strength=strength if alone else 0.6,
        expression=expression,
        head=head,
        blinks=blinks,
        seed=seed,
        still=still,
    )
    return ControlTrack(constant, emotion=() if alone else [Keyframe(0.0, strengths)])


def directed(given: Direction, file: str | None, context: typer.Context) -> Direction:
    """Return the controls, over time where a file says so.

    Args:
        given: built from the options.
        file: named by ``--controls``.
        context: of the command, which knows the options that were given.

    Raises:
        OptionError: the file cannot be read, holds something that is not allowed, or sets what
            an option sets too.
    """
    from gioconda.control_track import track_of

    options = track_of(given)
    if file is None:
        return given if options.emotion else options.constant
    from gioconda.control_files import read

    names = {name for name in _IN_A_FILE if _is_given(context, name)}
    track = read(file, options.constant, names)
    return replace(track, emotion=options.emotion) if options.emotion else track


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _pair(text: str) -> tuple[float, float]:
    parts = text.split(",")
    if len(parts) != 2:
        raise OptionError(f"gaze is {text!r}; it needs two angles, as in --gaze 10,-5")
    return _number("gaze yaw", parts[0]), _number("gaze pitch", parts[1])


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{name} is {text!r}; it must be a number") from None
