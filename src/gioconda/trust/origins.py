"""Hashes of what an output is made from, taken where the sources are opened.

A hash is of the bytes that were given: a file's, or the pixels, samples and rows of an array. A
source that is not there any more when an output is saved is not told.
"""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

from gioconda.trust.provenance import Ingredient, Role

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gioconda.background import Background
    from gioconda.motion import Motion
    from gioconda.portrait import Portrait
    from gioconda.speech.sound import Sound

Ingredients = tuple[Ingredient, ...]


def portrait_of(portrait: Portrait) -> Ingredients:
    """Return the portrait as an ingredient."""
    digest = bytes.fromhex(portrait.sha256)
    return (Ingredient("portrait", _media_type(portrait.name), digest),)


def pixels_of(pixels: npt.NDArray[np.generic]) -> Ingredients:
    """Return a portrait that was given as an array, as an ingredient."""
    from gioconda.portrait.decode import array_sha256

    return (Ingredient("portrait", "", bytes.fromhex(array_sha256(pixels))),)


def example_portrait() -> Ingredients:
    """Return the example portrait as an ingredient."""
    from gioconda import examples

    return file_of(Path(examples.portrait_path()), "portrait")


def sound_of(sound: Sound | None, role: Role = "sound") -> Ingredients:
    """Return a sound and the text that is said in it, as far as there are any."""
    if sound is None:
        return ()
    source, media_type = sound.source, _media_type(sound.name)
    if isinstance(source, Path):
        return (*file_of(source, role, media_type), *text_of(sound))
    if source is None:
        return text_of(sound)
    data = source if isinstance(source, bytes) else source.tobytes()
    return (Ingredient.of(role, data, media_type), *text_of(sound))


def text_of(sound: Sound) -> Ingredients:
    """Return the text that is said in a sound, if it is known."""
    if sound.text_sha256 is None:
        return ()
    return (Ingredient("text", "text/plain", sound.text_sha256),)


def motion_of(motion: Motion) -> Ingredients:
    """Return a motion's rows as an ingredient."""
    head = f"{motion.values.shape} {motion.rate_hz} {motion.start_s}".encode()
    return (Ingredient.of("motion", head + motion.values.tobytes()),)


def background_of(background: Background) -> Ingredients:
    """Return the picture behind the person, if there is one."""
    if background.image is None:
        return ()
    if background.source:
        return file_of(Path(background.source), "background")
    return (Ingredient.of("background", background.image.tobytes()),)


def file_of(path: Path, role: Role, media_type: str | None = None) -> Ingredients:
    """Return a file as an ingredient; nothing if it cannot be read any more."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return ()
    return (Ingredient(role, media_type or _media_type(path.name), digest),)


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or ""
