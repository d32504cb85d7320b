"""What the Content Credentials of an output say (C2PA 2.x; CAWG for training and mining)."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from gioconda.trust.containers.notes import SOURCE_TYPES, Notes
from gioconda.trust.credentials.found import WATERMARK_ALGORITHM
from gioconda.trust.provenance import Ingredient, Provenance

#: Labels of Gioconda's own assertions; a form that changes gets a new label.
MAKING: Final = "org.gioconda.making"
INGREDIENTS: Final = "org.gioconda.ingredients"
CONSENT: Final = "org.gioconda.consent"
#: All that Gioconda states itself; without this C2PA counts them as hearsay ("gathered").
STATED: Final = (
    "c2pa.actions", "c2pa.actions.v2", "c2pa.soft-binding", "cawg.training-mining",
    MAKING, INGREDIENTS, CONSENT,
)  # fmt: skip
SOFTWARE: Final = "Gioconda"
_TITLE: Final = "talking face"
_SPEECH_TITLE: Final = "synthetic speech"
_TRAINING: Final = (
    "cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training", "cawg.data_mining",
)  # fmt: skip
_SALT_BYTES: Final = 16


@dataclass(frozen=True)
class Salted:
    """An ingredient with the salt under which an output names it.

    The salt is drawn for each output, so that nobody can try out which picture it was, nor see
    that two outputs were made from the same; it stays in the local log.
    """

    ingredient: Ingredient
    salt: bytes = field(repr=False)

    @property
    def hash(self) -> str:
        """What the output says: SHA-256 of the salt and the ingredient's SHA-256, hex."""
        return hashlib.sha256(self.salt + self.ingredient.sha256).hexdigest()


def salted(ingredients: Sequence[Ingredient]) -> tuple[Salted, ...]:
    """Draw a salt for each ingredient."""
    return tuple(Salted(i, secrets.token_bytes(_SALT_BYTES)) for i in ingredients)


def source_type(provenance: Provenance) -> str:
    """Return the IPTC digital source type of an output.

    - ``compositeWithTrainedAlgorithmicMedia`` ("composite including generative AI elements"): a
      picture that was there, moved by a trained net.
    - ``trainedAlgorithmicMedia`` ("created using generative AI"): nothing of it was there; the
      portrait is generated, or it is a trained voice alone.
    - ``algorithmicMedia`` ("pure algorithmic media"): the voice of rules alone.
    - ``compositeSynthetic`` ("mix of elements, at least one of them synthetic"): a picture that was
      there, moved by a person or by motion from a file; the movement is not the net's, but what
      is seen, as the inside of the mouth, partly never was there.
    """
    if provenance.grant is None and provenance.voice is not None and provenance.identifier is None:
        return "algorithmicMedia" if provenance.voice == "algorithmic" else _GENERATED
    if provenance.grant is not None and provenance.grant.basis == "synthetic":
        return _GENERATED
    if provenance.driver == "speech":
        return "compositeWithTrainedAlgorithmicMedia"
    return "compositeSynthetic"


_GENERATED: Final = "trainedAlgorithmicMedia"


def software() -> str:
    """Return name and version of what makes the outputs."""
    from gioconda import __version__

    return f"{SOFTWARE} {__version__}"


def notes_of(provenance: Provenance, *, sound: bool = False) -> Notes:
    """Return what the plain metadata of an output say.

    Args:
        provenance: what it was made from.
        sound: whether it is sound alone.
    """
    what = "synthetic speech" if sound else "a synthetic talking face"
    comment = f"AI-generated: {what}, made with {software()}. See its Content Credentials (C2PA)."
    return Notes(comment, source_type(provenance), software())


def new_label() -> str:
    """Draw the name of a manifest."""
    return f"urn:c2pa:{uuid.uuid4()}"


def definition(
    provenance: Provenance,
    ingredients: Sequence[Salted],
    media_type: str,
    label: str,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return the manifest of an output, as ``c2pa.Builder`` takes it.

    Nothing in it tells the names of files, persons or machines.

    Args:
        provenance: what it was made from.
        ingredients: the provenance's, salted.
        media_type: of the output.
        label: of :func:`new_label`.
        now: aware; the clock if None.
    """
    name, _, version = software().rpartition(" ")
    agent = {"name": name, "version": version}
    sound = media_type.startswith("audio/")
    created = {
        "action": "c2pa.created",
        "when": (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "softwareAgent": agent,
        "digitalSourceType": SOURCE_TYPES + source_type(provenance),
        "description": "speech made from text" if sound else _DRIVEN[provenance.driver],
    }
    actions: list[dict[str, Any]] = [created]
    making: dict[str, Any] = {
        "driver": provenance.driver, "live": provenance.live, "partial": provenance.partial,
    }  # fmt: skip
    if provenance.voice is not None:
        making["voice"] = provenance.voice
    assertions: list[dict[str, Any]] = [
        {"label": MAKING, "data": making},
        {
            "label": "cawg.training-mining",
            "data": {"entries": {kind: {"use": "notAllowed"} for kind in _TRAINING}},
        },
    ]
    if provenance.identifier is not None:
        actions.append({"action": "c2pa.watermarked.bound", "softwareAgent": agent})
        block = {"scope": {}, "value": f"{provenance.identifier:016x}"}
        data = {"alg": WATERMARK_ALGORITHM, "blocks": [block]}
        assertions.append({"label": "c2pa.soft-binding", "data": data})
    if ingredients:
        items = [
            {
                "role": entry.ingredient.role,
                "relationship": "inputTo",
                "media_type": entry.ingredient.media_type,
                "hash": entry.hash,
            }
            for entry in ingredients
        ]
        alg = "sha256(salt || sha256)"
        assertions.append({"label": INGREDIENTS, "data": {"alg": alg, "items": items}})
    if provenance.grant is not None:
        consent = {"basis": provenance.grant.basis, "reference": provenance.grant.reference}
        assertions.append({"label": CONSENT, "data": consent})
    acted = {"label": "c2pa.actions.v2", "data": {"actions": actions, "allActionsIncluded": True}}
    return {
        "label": label,
        "title": _SPEECH_TITLE if sound else _TITLE,
        "format": media_type,
        "claim_generator_info": [agent],
        "assertions": [acted, *assertions],
    }


_DRIVEN: Final = {
    "speech": "a portrait moved by speech, through a trained net",
    "person": "a portrait moved by a person before a camera",
    "motion": "a portrait moved by motion from a file",
}
