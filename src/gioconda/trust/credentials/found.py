"""What a file's Content Credentials say: the result of reading them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

#: ``none``: the file carries no credentials. ``unreadable``: something is there that cannot be
#: read, or the file itself cannot. ``invalid``: the file or what is said of it was changed, or the
#: certificate cannot be used. ``valid_unknown_signer``: unchanged since it was signed, by somebody
#: whom nobody here vouches for. ``trusted``: the same, and the signer's certificate leads to one
#: that is trusted here (this installation's own, or one in the folder ``anchors``).
Status = Literal["none", "valid_unknown_signer", "trusted", "invalid", "unreadable"]
#: Where the credentials were found: in the file as the format has it, attached to it (Matroska),
#: or in a file beside it (``talk.ts.c2pa``).
Place = Literal["embedded", "attached", "beside"]

#: The algorithm's name of Gioconda's watermark in the soft binding.
WATERMARK_ALGORITHM: Final = "org.gioconda.watermark.1"


#: Years outside of these say nothing, and clocks of some zones cannot show them.
_YEARS: Final = range(1900, 9000)


def instant(value: object) -> datetime | None:
    """Return an instant that a file names in ISO 8601, aware, UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or found.year not in _YEARS:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


@dataclass(frozen=True)
class FoundIngredient:
    """Something the output was made from, as the credentials name it: by a salted hash.

    Attributes:
        role: such as ``portrait``; what the file says, so any text.
        media_type: such as ``image/png``; empty where it is not said.
        hash: SHA-256 of the salt and the ingredient's own SHA-256, hex; only who holds both (the
            local log) can tell what it was.
    """

    role: str
    media_type: str
    hash: str


@dataclass(frozen=True)
class Credentials:
    """What the credentials of a file say, and whether they hold.

    Every text is as the file has it, cut to a bounded length, and may be anything a forger wrote
    if the status is not ``valid_unknown_signer`` or ``trusted``.

    Attributes:
        status: see :data:`Status`.
        place: where they were found; None if none were.
        own: the certificate is one of this installation's, the newest or an earlier one, and the
            file is unchanged.
        signer: organisation and name in the certificate.
        issuer: who issued the certificate.
        serial: of the certificate, hex; empty if it could not be had.
        expires: when the certificate does; aware, UTC; None if not known.
        signed_at: aware, UTC: by a time server if ``timestamped``, else as is claimed.
        timestamped: whether a time server that is trusted here attests the time.
        generator: the program that made the file, such as ``gioconda 0.1.0``.
        source_type: last part of the digital source type of the first action that has one, such as
            ``compositeWithTrainedAlgorithmicMedia``; empty if none says it.
        actions: what was done, in order, such as ``c2pa.created``.
        ingredients: by salted hash, of files made with Gioconda.
        other_ingredients: how many ingredients in the way of others the file names.
        watermark: identifier in the soft binding to Gioconda's watermark, 64 bits; None if there
            is none.
        basis: on which the portrait was animated, of files made with Gioconda; empty if not said.
        consent: the consent record's salted reference, hex; empty if there is none.
        training_refused: the file says that it is not to be used for training.
        problems: codes of what is wrong, such as ``assertion.bmffHash.mismatch``.
        manifest: label of the active manifest; empty if there is none.
        said: the active manifest as the reader gives it, for whoever wants to see all of it.
    """

    status: Status
    place: Place | None = None
    own: bool = False
    signer: str = ""
    issuer: str = ""
    serial: str = ""
    expires: datetime | None = None
    signed_at: datetime | None = None
    timestamped: bool = False
    generator: str = ""
    source_type: str = ""
    actions: tuple[str, ...] = ()
    ingredients: tuple[FoundIngredient, ...] = ()
    other_ingredients: int = 0
    watermark: int | None = None
    basis: str = ""
    consent: str = ""
    training_refused: bool = False
    problems: tuple[str, ...] = ()
    manifest: str = ""
    said: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def valid(self) -> bool:
        """Whether the file is unchanged since it was signed."""
        return self.status in ("valid_unknown_signer", "trusted")
