"""The operator's keys, one for each epoch, and the identifier of this installation."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Final

from gioconda.errors import TrustError
from gioconda.trust.home import home_locked, read_private, trust_home, write_private

_FILE: Final = "watermark.json"
_SECRET_BYTES: Final = 32
_IDENTIFIER_BITS: Final = 64


@dataclass(frozen=True)
class OperatorKey:
    """What an operator's secret chips and tags are made with.

    Attributes:
        epoch: 1 for the first, and one more at each rotation.
        secret: 32 random bytes.
    """

    epoch: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True)
class _Kept:
    identifier: int
    keys: tuple[OperatorKey, ...]


def operator_keys() -> tuple[OperatorKey, ...]:
    """Return all keys of this installation, newest last; the first is made on first use.

    Raises:
        TrustError: they cannot be read or made.
    """
    return _kept().keys


def held_keys() -> tuple[OperatorKey, ...]:
    """Return the same, but none where there are none yet: whoever only reads makes no key.

    Raises:
        TrustError: they cannot be read.
    """
    kept = _read()
    return () if kept is None else kept.keys


def own_identifier() -> int:
    """Return this installation's identifier, 64 bits, drawn on first use.

    Raises:
        TrustError: it cannot be read or made.
    """
    return _kept().identifier


def has_operator_keys() -> bool:
    """Tell whether keys were made here already; makes none.

    Raises:
        TrustError: they cannot be read.
    """
    return _read() is not None


def rotate_operator_key() -> OperatorKey:
    """Make a key for what is marked from now on; what older ones marked stays readable.

    Raises:
        TrustError: the keys cannot be read or written.
    """
    with home_locked():
        kept = _read() or _new()
        key = _fresh(kept.keys[-1].epoch + 1)
        _write(_Kept(kept.identifier, (*kept.keys, key)))
    return key


def _kept() -> _Kept:
    if (kept := _read()) is not None:
        return kept
    with home_locked():
        if (kept := _read()) is None:
            kept = _new()
            _write(kept)
    return kept


def _new() -> _Kept:
    return _Kept(secrets.randbits(_IDENTIFIER_BITS), (_fresh(1),))


def _fresh(epoch: int) -> OperatorKey:
    return OperatorKey(epoch, secrets.token_bytes(_SECRET_BYTES))


def _write(kept: _Kept) -> None:
    data = {
        "identifier": f"{kept.identifier:016x}",
        "keys": [{"epoch": key.epoch, "secret": key.secret.hex()} for key in kept.keys],
    }
    write_private(_FILE, json.dumps(data, indent=2).encode())


def _read() -> _Kept | None:
    raw = read_private(_FILE)
    if raw is None:
        return None
    try:
        data = json.loads(raw)
        identifier = int(data["identifier"], 16)
        keys = tuple(
            sorted(
                (OperatorKey(int(k["epoch"]), bytes.fromhex(k["secret"])) for k in data["keys"]),
                key=lambda key: key.epoch,
            )
        )
        if not (
            keys
            and 0 <= identifier < 1 << _IDENTIFIER_BITS
            and all(len(key.secret) == _SECRET_BYTES for key in keys)
        ):
            raise ValueError("a key or the identifier has a wrong length")
    except (ValueError, KeyError, TypeError) as e:
        raise TrustError(
            f"{str(trust_home() / _FILE)!r}, which keeps the watermark's keys, is damaged ({e}); "
            "put back a copy, or move it away and what it marked can no longer be told by "
            "identifier"
        ) from e
    return _Kept(identifier, keys)
