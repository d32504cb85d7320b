"""Signs files as one identity. Uses no network unless a time server is configured."""

from __future__ import annotations

import errno
import logging
import math
import tempfile
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

from gioconda.errors import TrustError
from gioconda.trust.credentials.certificates import TRUST_CONFIGURATION
from gioconda.trust.credentials.keys import Identity
from gioconda.trust.credentials.manifest import STATED

if TYPE_CHECKING:
    import c2pa
    from _typeshed import WriteableBuffer

logger = logging.getLogger(__name__)

#: A time server that gave nothing is left alone for so long.
SILENT_S: Final = 300.0
_T = TypeVar("_T")

#: Of larger files the library keeps a copy in the system's temporary folder rather than in memory.
_IN_MEMORY_MB: Final = 64
#: Nothing is fetched, no thumbnail of anything is made, and what was signed is read again by
#: :mod:`gioconda.trust.seal` rather than by the builder.
_SETTINGS: Final[dict[str, Any]] = {
    "core": {
        "backing_store_memory_threshold_in_mb": _IN_MEMORY_MB,
        "allowed_network_hosts": [],
    },
    "verify": {
        "verify_after_sign": False,
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    },
    "trust": {"trust_config": TRUST_CONFIGURATION},
    "builder": {
        "thumbnail": {"enabled": False},
        "created_assertion_labels": list(STATED),
    },
}


class FileSigner:
    """Signs any number of files as one identity; safe in several threads.

    Args:
        identity: what signs.

    Raises:
        TrustError: the key or the certificate cannot be used.
    """

    def __init__(self, identity: Identity) -> None:
        import c2pa

        self.identity = identity
        self._lock = threading.Lock()
        self._context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS))
        self._plain = self._made(None)
        self._timed = None
        if identity.timestamp_url is not None:
            self._timed = self._made(identity.timestamp_url)
        self._ask_from = -math.inf

    def sign(
        self,
        source: BinaryIO,
        destination: BinaryIO,
        media_type: str,
        definition: dict[str, Any],
        *,
        embed: bool = True,
        timed: bool = True,
    ) -> bytes:
        """Write a signed copy.

        A time server that does not answer costs the time stamp, with a warning, and not the file;
        it is not asked again for :data:`SILENT_S`.

        Args:
            source: the file, seekable.
            destination: where the copy goes, for reading and writing.
            media_type: of the file.
            definition: of :func:`gioconda.trust.credentials.manifest.definition`.
            embed: whether the manifest store is put into the copy.
            timed: whether the time server is asked, if one is configured.

        Returns:
            The manifest store, which covers the whole copy.

        Raises:
            TrustError: the file or the certificate cannot be used.
            OSError: the source cannot be read, or the copy not written.
        """
        job = (source, destination, media_type, definition, embed)
        with self._lock:
            if timed and self._timed is not None and time.monotonic() >= self._ask_from:
                try:
                    return self._signed(self._timed, *job)
                except TrustError:
                    self._ask_from = time.monotonic() + SILENT_S
                    destination.seek(0)
                    destination.truncate()
                store = self._signed(self._plain, *job)
                logger.warning(
                    "the time server %s gave no time stamp; signed without one",
                    self.identity.timestamp_url,
                )
                return store
            return self._signed(self._plain, *job)

    def _signed(
        self,
        signer: c2pa.Signer,
        source: BinaryIO,
        destination: BinaryIO,
        media_type: str,
        definition: dict[str, Any],
        embed: bool,
    ) -> bytes:
        import c2pa

        read, written = _Noting(source), _Noting(destination)
        read.seek(0)
        try:
            builder = c2pa.Builder(definition, context=self._context)
            if not embed:
                builder.set_no_embed()
            store: bytes = builder.sign(signer, media_type, read, written)
        except c2pa.C2paError as e:
            if (cause := read.error or written.error) is not None:
                raise cause from e
            if f"os error {errno.ENOSPC}" in str(e):
                raise TrustError(
                    f"the temporary folder {tempfile.gettempdir()!r} is full; long files are "
                    "signed by way of it: free it, or name another by TMPDIR"
                ) from e
            raise TrustError(f"the credentials could not be signed: {e}") from e
        return store

    def _made(self, timestamp_url: str | None) -> c2pa.Signer:
        import c2pa

        given = self.identity
        info = c2pa.C2paSignerInfo(
            given.algorithm.encode(), given.chain, given.key,
            None if timestamp_url is None else timestamp_url.encode(),
        )  # fmt: skip
        try:
            return c2pa.Signer.from_info(info)
        except c2pa.C2paError as e:
            raise TrustError(f"the signing key cannot be used: {e}") from e


class _Noting:
    """A file that remembers what went wrong, since the library does not pass it on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._noted(self._file.readinto, buffer)  # type: ignore[attr-defined, no-any-return]

    def read(self, size: int = -1, /) -> bytes:
        return self._noted(self._file.read, size)

    def write(self, data: bytes, /) -> int:
        return self._noted(self._file.write, data)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._noted(self._file.seek, offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._noted(self._file.flush)

    def _noted(self, act: Callable[..., _T], *args: Any) -> _T:
        try:
            return act(*args)
        except OSError as e:
            self.error = self.error or e
            raise
