"""What an output was made from: what its credentials and the local log are to say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from gioconda.trust.consent.statement import Statement

#: What an ingredient was for.
Role = Literal["portrait", "sound", "partner", "motion", "text", "background"]
#: What moved the face: speech (through the trained net), a person in a video or before a webcam,
#: or motion from a file.
Driver = Literal["speech", "person", "motion"]
#: What spoke where no person did: rules alone, as eSpeak NG, or a net trained on voices.
SyntheticVoice = Literal["algorithmic", "trained"]
#: What a portrait may be animated on.
BasisName = Literal["self", "permission", "artwork", "synthetic"]
BASES: Final[tuple[BasisName, ...]] = ("self", "permission", "artwork", "synthetic")


@dataclass(frozen=True)
class Grant:
    """That a portrait may be animated, and how an output refers to that.

    Attributes:
        basis: on which it may.
        reference: salted hash of the ledger's record, hex; says nothing to whoever lacks the
            ledger.
        portrait: the ledger's key of the portrait, hex (keyed hash of its pixels).
        expires: after which it may not any more; aware, UTC; None without an end.
        carried: whether it was checked where the ledger is and travelled from there, to a machine
            without that ledger; counts only in a cluster's workers.
    """

    basis: BasisName
    reference: str
    portrait: str
    expires: datetime | None = None
    carried: bool = False


#: A statement made now, or a grant that was given for one.
Basis: TypeAlias = "BasisName | Statement | Grant"


@dataclass(frozen=True)
class Ingredient:
    """Something an output was made from.

    Attributes:
        role: what for.
        media_type: such as ``image/png``; empty where it is not known.
        sha256: of its bytes (or pixels, or samples); it leaves this machine only salted.
    """

    role: Role
    media_type: str
    sha256: bytes = field(repr=False)

    @classmethod
    def of(cls, role: Role, data: bytes, media_type: str = "") -> Ingredient:
        """Return the ingredient that some bytes are."""
        return cls(role, media_type, hashlib.sha256(data).digest())


@dataclass(frozen=True)
class Provenance:
    """What an output was made from.

    Attributes:
        driver: what moved the face.
        grant: on which the portrait was animated; None where there is none, as in a synthetic
            voice alone.
        ingredients: what it was made from, as far as that is kept: speech of a live session is
            not.
        identifier: the operator's identifier in its watermark, 64 bits; None without one, as in
            sound.
        live: whether it was recorded from a live session.
        partial: whether the making was stopped before its end.
        voice: what spoke, where the speech was made from text; None if it was given.
        made_here: set by :func:`of_marked_frames` alone.
    """

    driver: Driver = "speech"
    grant: Grant | None = None
    ingredients: tuple[Ingredient, ...] = ()
    identifier: int | None = None
    live: bool = False
    partial: bool = False
    voice: SyntheticVoice | None = None
    made_here: object = field(default=None, repr=False, compare=False)

    def stopped(self) -> Provenance:
        """Return the same of an output that was stopped before its end."""
        return replace(self, partial=True)


#: Known by its identity, which no copy and no other process has.
_MARKED: Final = object()


def of_marked_frames(provenance: Provenance) -> Provenance:
    """Return a provenance that says that the frames come from a FrameMaker of this process.

    Only what makes frames says so. A writer then leaves the marks as they are; the frames of any
    other provenance, whatever identifier it tells, are marked, if need be a second time, which is
    not seen.
    """
    return replace(provenance, made_here=_MARKED)


def are_marked(provenance: Provenance) -> bool:
    """Tell whether :func:`of_marked_frames` said so of a provenance, or of what it came from."""
    return provenance.made_here is _MARKED
