"""Signs files as one identity. Uses no network unless a time server is configured."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from gioconda.errors import TrustError
from gioconda.trust.credentials.keys import Identity
from gioconda.trust.credentials.manifest import STATED

if TYPE_CHECKING:
    import c2pa

logger = logging.getLogger(__name__)

#: Nothing is fetched, no thumbnail of anything is made, and what was signed is read again by
#: :mod:`gioconda.trust.seal` rather than by the builder.
_SETTINGS: Final[dict[str, Any]] = {
    "verify": {
        "verify_after_sign": False,
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    },
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
        self._timed = identity.timestamp_url is not None
        self._signer = self._made(identity.timestamp_url)

    def sign(
        self,
        source: BinaryIO,
        destination: BinaryIO,
        media_type: str,
        definition: dict[str, Any],
        *,
        embed: bool = True,
    ) -> bytes:
        """Write a signed copy.

        Args:
            source: the file, seekable.
            destination: where the copy goes, for reading and writing.
            media_type: of the file.
            definition: of :func:`gioconda.trust.credentials.manifest.definition`.
            embed: whether the manifest store is put into the copy.

        Returns:
            The manifest store, which covers the whole copy.

        Raises:
            TrustError: the file or the certificate cannot be used.
        """
        import c2pa

        with self._lock:
            try:
                return self._signed(source, destination, media_type, definition, embed)
            except c2pa.C2paError as e:
                if not self._timed:
                    raise TrustError(f"the credentials could not be signed: {e}") from e
                logger.warning(
                    "the time server %s gave no time stamp; signed without one",
                    self.identity.timestamp_url,
                )
                self._timed = False
                self._signer = self._made(None)
            source.seek(0)
            destination.seek(0)
            destination.truncate()
            try:
                return self._signed(source, destination, media_type, definition, embed)
            except c2pa.C2paError as e:
                raise TrustError(f"the credentials could not be signed: {e}") from e

    def _signed(
        self,
        source: BinaryIO,
        destination: BinaryIO,
        media_type: str,
        definition: dict[str, Any],
        embed: bool,
    ) -> bytes:
        import c2pa

        builder = c2pa.Builder(definition, context=self._context)
        if not embed:
            builder.set_no_embed()
        store: bytes = builder.sign(self._signer, media_type, source, destination)
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
