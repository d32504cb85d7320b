"""The error-correcting code of the identifier: 64 bits and a tag become 288 coded bits, and back.

A tail-biting convolutional code of rate 1/3 and constraint length 7 (generators 133, 171 and 165,
octal), decoded by a soft Viterbi search. The tag is 32 bits of an HMAC under the operator's key, so
that a reading counts only for whoever holds the key, and chance passes it once in 2^32 tries.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

PAYLOAD_BITS: Final = 64
TAG_BITS: Final = 32
MESSAGE_BITS: Final = PAYLOAD_BITS + TAG_BITS
CODED_BITS: Final = 3 * MESSAGE_BITS

_GENERATORS: Final = (0o133, 0o171, 0o165)
_STATES: Final = 64
#: Rounds that the search makes of the ring; the middle one is read.
_ROUNDS: Final = 4

#: Coded bits, +1 or -1, of each seven-bit register, newest bit lowest.
_OUTPUTS: Final = np.array(
    [[1 - 2 * ((r & g).bit_count() & 1) for g in _GENERATORS] for r in range(2 * _STATES)],
    np.float32,
)

ByteArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]


def message(identifier: int, secret: bytes) -> ByteArray:
    """Return an identifier's 64 bits, lowest first, and its tag; uint8 (96,), 0 or 1."""
    payload = identifier.to_bytes(PAYLOAD_BITS // 8, "little")
    tag = hmac.digest(secret, b"gioconda identifier" + payload, hashlib.sha256)[: TAG_BITS // 8]
    return np.unpackbits(np.frombuffer(payload + tag, np.uint8), bitorder="little")


def identifier_of(bits: ByteArray, secret: bytes) -> int | None:
    """Return the identifier that a message carries, or None if its tag is not the key's."""
    data = np.packbits(bits, bitorder="little").tobytes()
    identifier = int.from_bytes(data[: PAYLOAD_BITS // 8], "little")
    expected = message(identifier, secret)
    return identifier if np.array_equal(expected, bits) else None


def encode(bits: ByteArray) -> FloatArray:
    """Return the coded bits of a message, +1 for 0 and -1 for 1; float32 (288,)."""
    state = 0
    for bit in bits[-6:]:
        state = (state << 1 | int(bit)) & (_STATES - 1)
    coded = np.empty(CODED_BITS, np.float32)
    for i, bit in enumerate(bits):
        register = state << 1 | int(bit)
        coded[3 * i : 3 * i + 3] = _OUTPUTS[register]
        state = register & (_STATES - 1)
    return coded


def decode(soft: FloatArray) -> ByteArray:
    """Return the likeliest message for soft coded bits; uint8 (96,).

    Args:
        soft: float32 (288,), each as :func:`encode` gives it times a confidence of any scale.
    """
    return np.asarray(_viterbi(np.ascontiguousarray(soft, np.float32), _OUTPUTS), np.uint8)


@njit(cache=True, nogil=True, boundscheck=False)
def _viterbi(soft, outputs):  # type: ignore[no-untyped-def]
    """Search the ring for the likeliest path, and return the bits of its middle round."""
    steps = soft.shape[0] // 3
    total = steps * _ROUNDS
    back = np.empty((total, _STATES), np.uint8)
    metric = np.zeros(_STATES, np.float32)
    fresh = np.empty(_STATES, np.float32)
    for t in range(total):
        k = 3 * (t % steps)
        for state in range(_STATES):
            best, which = np.float32(-1e30), 0
            for high in range(2):
                before = state >> 1 | high << 5
                register = before << 1 | state & 1
                value = (
                    metric[before]
                    + soft[k] * outputs[register, 0]
                    + soft[k + 1] * outputs[register, 1]
                    + soft[k + 2] * outputs[register, 2]
                )
                if value > best:
                    best, which = value, high
            fresh[state] = best
            back[t, state] = which
        metric, fresh = fresh, metric
    state = int(np.argmax(metric))
    first = (_ROUNDS - 1) // 2 * steps
    bits = np.empty(steps, np.uint8)
    for t in range(total - 1, first - 1, -1):
        if t < first + steps:
            bits[t - first] = state & 1
        state = state >> 1 | int(back[t, state]) << 5
    return bits
