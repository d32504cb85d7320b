"""Verify a file: look at it in the sandbox, ask the log, and say what can be known."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gioconda import __version__
from gioconda.errors import (
    GiocondaError,
    ImageDecodeError,
    SandboxError,
    TrustError,
    VideoDecodeError,
)
from gioconda.trust.verify import sentences
from gioconda.trust.verify.credentials import credentials_finding
from gioconda.trust.verify.finding import (
    Claim,
    CredentialsFinding,
    FileFinding,
    Finding,
    LogFinding,
    WatermarkFinding,
)
from gioconda.trust.verify.looking import look
from gioconda.trust.verify.means import Known, Means
from gioconda.trust.verify.opened import OpenedFile, opened
from gioconda.trust.verify.verdict import unreadable, verdict_of

ByteImage = npt.NDArray[np.uint8]
#: Told the share that is done, 0 to 1.
Progress = Callable[[float], None]

#: Shares of the work that are done after the hash, the facts, and the credentials.
_HASH: Final = 0.04
_FACTS: Final = 0.07
_CREDENTIALS: Final = 0.1


def verify_file(
    source: str | os.PathLike[str] | bytes,
    means: Means,
    *,
    quick: bool = False,
    progress: Progress | None = None,
) -> Finding:
    """Return what can be known of a picture, a video or a sound from anywhere.

    Args:
        source: a path, or a file's bytes; nothing is kept of it.
        means: what it stands on; :func:`gioconda.trust.verify.means.own_means`.
        quick: whether changes of scale and shape are not searched for.
        progress: told the share that is done.

    Returns:
        The finding. A file that cannot be read has the verdict ``unreadable``.

    Raises:
        SandboxError: no process can be had that looks at it.
        TrustError: the log cannot be read.
    """
    tell = progress or (lambda _: None)
    name = "" if isinstance(source, bytes) else _name(Path(source))
    try:
        with opened(source) as file:
            return _looked(file, name, means, quick, tell)
    except (SandboxError, TrustError):
        raise
    except GiocondaError as e:
        return not_read(FileFinding(name=name), str(e))
    finally:
        tell(1.0)


def _name(path: Path) -> str:
    """Return a file's name as text, whatever bytes it has."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _looked(file: OpenedFile, name: str, means: Means, quick: bool, tell: Progress) -> Finding:
    sha256 = file.sha256(lambda share: tell(_HASH * share))
    told = FileFinding(
        name=name, sha256=sha256, size=file.size, kind=file.format.kind,
        media_type=file.format.media_type,
    )  # fmt: skip
    picture = file.format.kind == "picture"
    known = None if means.log is None else means.log.file(sha256)
    facts, failed = _facts(file, means, picture)
    told = told.model_copy(update=_sizes(facts, told))
    tell(_FACTS)
    credentials = _credentials(file, means)
    tell(_CREDENTIALS)
    claims = _claims(facts)
    mark = WatermarkFinding()
    frames: list[ByteImage] = []
    pictures = facts.get("pictures", False) if facts else told.kind != "sound"
    if pictures:
        mark, frames = look(
            file, means, picture=picture, quick=quick,
            progress=lambda share: tell(_CREDENTIALS + (1 - _CREDENTIALS) * share),
        )  # fmt: skip
        if mark.looked.counted:  # what the file says of its length is wrong, too
            told = told.model_copy(update={"length_s": mark.looked.of_s})
    if known is None and means.log is not None and frames:
        known = means.log.frames(frames)
    log = _log(known)
    verdict = verdict_of(told, credentials, mark, log, claims)
    if not mark.looked.frames and verdict.code == "no_evidence" and (pictures or failed):
        if failed:
            return not_read(told, failed)
        verdict = unreadable(mark.sentence)  # nothing can be said of what was not seen
    return Finding(
        verdict=verdict, file=told, credentials=credentials, watermark=mark, log=log,
        claims=claims, version=__version__, checked_at=datetime.now(UTC),
    )  # fmt: skip


def _facts(file: OpenedFile, means: Means, picture: bool) -> tuple[dict[str, Any], str]:
    """Return size, length and claims, or why there are none; all else is looked at without them."""
    try:
        return means.reader.facts(file.fd, picture=picture), ""
    except (ImageDecodeError, VideoDecodeError) as e:
        return {}, str(e)


def not_read(file: FileFinding, sentence: str) -> Finding:
    """Return the finding of a file of which nothing could be seen."""
    whole = sentence[:1].upper() + sentence[1:]
    return Finding(
        verdict=unreadable(f"{whole.rstrip('.')}."), file=file, credentials=CredentialsFinding(),
        watermark=WatermarkFinding(), log=LogFinding(), version=__version__,
        checked_at=datetime.now(UTC),
    )  # fmt: skip


def _sizes(facts: dict[str, Any], told: FileFinding) -> dict[str, Any]:
    """Return what changes of a file's description by what was read of it."""

    def whole(name: str) -> int | None:
        value = facts.get(name)
        return value if isinstance(value, int) and 0 < value < 1_000_000 else None

    seconds = facts.get("length_s")
    kind = told.kind
    if facts and kind != "picture":
        kind = "video" if facts.get("pictures") else "sound"
    return {
        "width": whole("width"), "height": whole("height"), "kind": kind,
        "length_s": seconds if isinstance(seconds, float) and 0 < seconds < 1e7 else None,
    }  # fmt: skip


def _claims(facts: dict[str, Any]) -> tuple[Claim, ...]:
    found = []
    for item in facts.get("claims", []):
        if isinstance(item, list) and len(item) == 3 and all(isinstance(t, str) for t in item):
            where, name, text = item
            found.append(
                Claim(where=where, name=name, text=text, sentence=sentences.of_claim(name, text))
            )
    return tuple(found)


def _credentials(file: OpenedFile, means: Means) -> CredentialsFinding:
    try:
        read = means.reader.credentials(
            file.fd, file.format.suffix or ".mp4", beside=file.beside, trusted=means.trusted
        )
    except (ImageDecodeError, VideoDecodeError) as e:
        return CredentialsFinding(status="unreadable", sentence=f"They cannot be read: {e}.")
    return credentials_finding(read)


def _log(known: Known | None) -> LogFinding:
    if known is None:
        return LogFinding()
    exact = known.likeness is None
    return LogFinding(
        status="known_file" if exact else "known_frames", sentence=sentences.of_log(known),
        made_at=known.made_at, output=known.output, likeness=known.likeness,
    )  # fmt: skip
