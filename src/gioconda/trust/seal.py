"""The one place that every file passes before it gets its name: metadata, credentials, log."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import secrets
import shutil
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from gioconda.errors import GiocondaError, OptionError, TrustError
from gioconda.targets import write_error
from gioconda.trust.consent.requirement import check
from gioconda.trust.containers import isobmff, matroska, stills, wave
from gioconda.trust.containers.formats import MEDIA_TYPES, carrier_of
from gioconda.trust.containers.notes import Notes
from gioconda.trust.containers.pieces import Piece, Pieces, length_of
from gioconda.trust.credentials.keys import Identity, identity
from gioconda.trust.credentials.manifest import (
    Salted,
    definition,
    new_label,
    notes_of,
    salted,
)
from gioconda.trust.credentials.reading import open_reader, sidecar_of
from gioconda.trust.credentials.signing import FileSigner
from gioconda.trust.frame_hashes import MOST_HASHES, file_hashes, picture_hash
from gioconda.trust.log import Sealed, record
from gioconda.trust.provenance import Provenance

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

logger = logging.getLogger(__name__)

#: How a format's plain metadata are put in.
_DESCRIBED: Final[dict[str, Callable[[BinaryIO, Notes], list[Piece]]]] = {
    "video/mp4": isobmff.described,
    "video/quicktime": isobmff.described,
    "image/png": stills.described_png,
    "image/jpeg": stills.described_jpeg,
    "image/gif": stills.described_gif,
    "audio/wav": wave.described_wave,
}
#: Room for an attached manifest store; doubled until it fits.
_ROOM_BYTES: Final = 8192
_MOST_ROOM_BYTES: Final = 1 << 20
_READ_BYTES: Final = 1 << 20
#: Of numbered pictures one in so many is hashed for the log: about one a second.
_PICTURES_A_HASH: Final = 25
#: JPEG's quality of stills.
_JPEG_QUALITY: Final = 92
#: The hidden names of stages, as :func:`gioconda.targets.stage_beside` makes them.
_STAGE: Final = re.compile(r"\.(.*)\.part-[0-9a-f]{6}(\.\w+)?")


def seal(path: Path, suffix: str, provenance: Provenance) -> None:
    """Give a finished file its metadata and credentials, in place, and enter it in the local log.

    It is written anew beside itself, read again, and replaced in one rename; a failure, or a
    process that is killed, leaves the file without a seal, and its writer gives it no name then.
    Formats that can hold no credentials (``.ts``, ``.flv``) get a file of their name and ``.c2pa``
    beside them, which :func:`move` takes along.

    Whoever's consent was revoked between the last frame and this gets no file. A recording of a
    live session is excepted: it is complete up to its end, which that revocation was.

    Args:
        path: the staged file, which may have any name; or a folder of numbered pictures, each of
            which is sealed, and which is one output.
        suffix: of its final name, such as ``.mp4``.
        provenance: what it was made from.

    Raises:
        OptionError: files of this suffix cannot be sealed.
        ConsentError: the portrait may not be animated any more.
        TrustError: it cannot be signed, or what was signed does not read back as valid.
        OutputError: the disk is full.
    """
    media_type = _media_type(suffix)
    _still_granted(provenance)
    with _told(path):
        signer = _signer()
        made_from = salted(provenance.ingredients)
        work = _Work(signer, provenance, made_from, media_type)
        if path.is_dir():
            # A time server is not asked for each of thousands of pictures.
            sealed = _seal_pictures(path, suffix, replace(work, timed=False))
        else:
            done = _seal_file(path, work)
            frames = tuple(_hashes(path, media_type))
            sealed = Sealed(media_type, done.size, done.label, (done.sha256,), made_from, frames)
        record(sealed, provenance)


def seal_image(
    rgb: npt.NDArray[np.uint8], path_or_suffix: str | Path, provenance: Provenance
) -> bytes:
    """Return a picture as a sealed file, and enter it in the local log.

    Args:
        rgb: uint8, (height, width, 3), or with alpha (height, width, 4) for PNG; with its marks.
        path_or_suffix: ``.png``, ``.jpg`` or a name that ends so.
        provenance: what it was made from.

    Raises:
        OptionError: another suffix.
        ConsentError: the portrait may not be animated any more.
        TrustError: it cannot be signed, or what was signed does not read back as valid.
    """
    from PIL import Image

    suffix = Path(path_or_suffix).suffix or str(path_or_suffix)
    media_type = _media_type(suffix)
    if media_type not in ("image/png", "image/jpeg"):
        raise OptionError(f"a picture is kept as .png or .jpg, not as {suffix}")
    _still_granted(provenance)
    plain, out = io.BytesIO(), io.BytesIO()
    if media_type == "image/png":
        Image.fromarray(rgb).save(plain, "png", compress_level=6)
    else:
        Image.fromarray(rgb[..., :3]).save(plain, "jpeg", quality=_JPEG_QUALITY)
    with _told(Path(f"picture{suffix}")):
        made_from = salted(provenance.ingredients)
        work = _Work(_signer(), provenance, made_from, media_type)
        done = work.sealed(plain, out)
        frames = ((0.0, picture_hash(rgb)),)
        record(
            Sealed(media_type, done.size, done.label, (done.sha256,), made_from, frames), provenance
        )
    return out.getvalue()


def _still_granted(provenance: Provenance) -> None:
    if provenance.grant is not None and not provenance.live:
        check(provenance.grant)


def move(stage: Path, final: Path) -> None:
    """Give a sealed file its name, and the credentials beside it theirs, if it has such.

    The credentials go first, so that the file is never under its name without them. A file that is
    replaced goes aside before, so that it never stands beside those of another: whoever is killed
    here leaves the old file, the new one, or none under the name, and the old one hidden.

    Raises:
        OSError: it cannot be moved; the old file is there as it was.
    """
    beside = sidecar_of(stage)
    if not beside.exists():
        os.replace(stage, final)
        return
    with _aside(final):
        os.replace(beside, sidecar_of(final))
        os.replace(stage, final)


@contextmanager
def _aside(final: Path) -> Iterator[None]:
    """Move a file and the credentials beside it out of the way; put both back if all fails."""
    old = final.with_name(f".{final.stem[:40]}.old-{secrets.token_hex(3)}{final.suffix}")
    moved: list[tuple[Path, Path]] = []
    try:
        for here, there in ((final, old), (sidecar_of(final), sidecar_of(old))):
            if here.exists():
                os.replace(here, there)
                moved.append((here, there))
        yield
    except BaseException:
        with suppress(OSError):
            sidecar_of(final).unlink(missing_ok=True)
            for here, there in reversed(moved):
                os.replace(there, here)
        raise
    for _, there in moved:
        with suppress(OSError):
            there.unlink()


@dataclass(frozen=True)
class _Done:
    label: str
    size: int
    sha256: bytes


@dataclass(frozen=True)
class _Work:
    """What is the same for every file of an output."""

    signer: FileSigner
    provenance: Provenance
    ingredients: tuple[Salted, ...]
    media_type: str
    timed: bool = True

    def sealed(self, source: BinaryIO, out: BinaryIO, beside: BinaryIO | None = None) -> _Done:
        """Write the sealed file, and read it again.

        Args:
            source: the file.
            out: where it goes; empty, for reading and writing.
            beside: where credentials go that cannot be in the file.
        """
        notes = notes_of(self.provenance, sound=self.media_type.startswith("audio/"))
        label = new_label()
        said = definition(self.provenance, self.ingredients, self.media_type, label)
        carrier = carrier_of(self.media_type)
        if carrier == "embedded":
            with _whole():
                pieces = Pieces(source, _DESCRIBED[self.media_type](source, notes))
            self.signer.sign(cast(BinaryIO, pieces), out, self.media_type, said, timed=self.timed)
            out.flush()
            self._check(out, None, label)
        elif carrier == "attached":
            store = self._attached(source, out, notes, label)
            out.flush()
            found = matroska.attached(out)
            if found is None or found.store != store:
                raise TrustError("the credentials that were attached do not read back")
            self._check(cast(BinaryIO, Pieces(out, found.signed)), store, label)
        else:
            assert beside is not None
            source.seek(0)
            store = self.signer.sign(source, out, self.media_type, said, embed=False)
            out.flush()
            beside.write(store)
            beside.flush()
            self._check(out, store, label)
        size = length_of(out)
        out.seek(0)
        digest = hashlib.sha256()
        while data := out.read(_READ_BYTES):
            digest.update(data)
        return _Done(label, size, digest.digest())

    def _attached(self, source: BinaryIO, out: BinaryIO, notes: Notes, label: str) -> bytes:
        if matroska.attached(source) is not None:
            raise TrustError("the file has Content Credentials already")
        said = definition(self.provenance, self.ingredients, self.media_type, label)
        room = _ROOM_BYTES
        while True:
            with _whole():
                pieces = Pieces(source, matroska.described(source, notes, room))
            store = self.signer.sign(
                cast(BinaryIO, pieces), out, self.media_type, said, embed=False
            )
            signed = length_of(out)
            try:
                out.write(matroska.attachment(store, signed, room))
                return store
            except ValueError as e:
                room *= 2
                if room > _MOST_ROOM_BYTES:
                    raise TrustError("the certificate's chain is too long to be attached") from e
                out.seek(0)
                out.truncate()

    def _check(self, stream: BinaryIO, store: bytes | None, label: str) -> None:
        """Read again what was signed: unchanged, by us, and the manifest that was meant.

        Raises:
            TrustError: it is not.
        """
        import json

        import c2pa

        stream.seek(0)
        chain = self.signer.identity.chain
        try:
            reader = open_reader(stream, self.media_type, store, (chain,))
            state, said = reader.get_validation_state(), json.loads(reader.json())
        except c2pa.C2paError as e:
            raise TrustError(f"what was signed does not read back: {e}") from e
        if state not in ("Valid", "Trusted") or said.get("active_manifest") != label:
            codes = ", ".join(str(row.get("code")) for row in said.get("validation_status") or ())
            raise TrustError(
                f"what was signed does not read back as valid ({codes or state}); look at the "
                "certificate by 'gioconda trust show'"
            )


def _seal_file(path: Path, work: _Work) -> _Done:
    """Seal a file in place."""
    beside = sidecar_of(path) if carrier_of(work.media_type) == "beside" else None
    with _hidden(path) as stage, _hidden(path) as other:
        with path.open("rb") as source, stage.open("w+b") as out:
            if beside is None:
                done = work.sealed(source, out)
            else:
                with other.open("w+b") as store:
                    done = work.sealed(source, out, store)
        shutil.copymode(path, stage)
        if beside is not None:
            shutil.copymode(path, other)
            os.replace(other, beside)
        os.replace(stage, path)
    return done


def _seal_pictures(folder: Path, suffix: str, work: _Work) -> Sealed:
    """Seal every picture of a folder; what else is in it, such as the sound, is left as it is."""
    digests, frames, size, first = [], [], 0, ""
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() == suffix.lower())
    step = max(_PICTURES_A_HASH, -(-len(files) // MOST_HASHES))
    for index, file in enumerate(files):
        done = _seal_file(file, work)
        digests.append(done.sha256)
        size += done.size
        first = first or done.label
        if index % step == 0:
            # How long a picture is shown is not known here; its number stands for the time.
            frames += [(float(index), value) for _, value in _hashes(file, work.media_type)]
    return Sealed(work.media_type, size, first, tuple(digests), work.ingredients, tuple(frames))


def _hashes(path: Path, media_type: str) -> list[tuple[float, int]]:
    """Return hashes of a file's pictures; none, with a warning, if it cannot be decoded."""
    try:
        return file_hashes(path, media_type)
    except Exception as e:  # an index of likeness is not worth a finished file
        logger.warning("no frames of the file could be noted in the log: %s", type(e).__name__)
        return []


def _media_type(suffix: str) -> str:
    try:
        return MEDIA_TYPES[suffix.lower()]
    except KeyError:
        raise OptionError(
            f"{suffix!r} files cannot be sealed; there are {', '.join(MEDIA_TYPES)}"
        ) from None


#: By process, since the library's objects do not outlive a fork.
_kept: dict[tuple[int, Identity], FileSigner] = {}
_keeping = threading.Lock()


def _signer() -> FileSigner:
    """Return a signer for what signs here now; the last one is kept."""
    found = identity()
    key = (os.getpid(), found)
    with _keeping:
        if key not in _kept:
            _kept.clear()
            _kept[key] = FileSigner(found)
        return _kept[key]


@contextmanager
def _whole() -> Iterator[None]:
    """Tell what a format's reader stumbles over in one sentence."""
    try:
        yield
    except (ValueError, IndexError, struct.error) as e:
        raise TrustError("the file is damaged or of another format, so it is not signed") from e


@contextmanager
def _hidden(path: Path) -> Iterator[Path]:
    """Give an empty hidden file beside another, which is deleted if it is still there."""
    stage = path.with_name(f".sealing-{secrets.token_hex(6)}")
    try:
        os.close(os.open(stage, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield stage
    finally:
        with suppress(OSError):
            stage.unlink()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what the system says as OutputError, of the name that the file is going to have."""
    try:
        yield
    except GiocondaError:
        raise
    except OSError as e:
        match = _STAGE.fullmatch(path.name)
        raise write_error(f"{match[1]}{match[2] or ''}" if match else path.name, e) from e
