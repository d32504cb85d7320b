"""An encrypted copy of all keys of this installation, in forms that OpenSSL reads."""

from __future__ import annotations

import base64
import os
import textwrap
from typing import Final

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from gioconda.errors import TrustError
from gioconda.trust.credentials.keys import exported
from gioconda.trust.home import read_private, trust_home
from gioconda.trust.watermark.keys import operator_keys

#: Where the watermark's keys lie in the private folder.
_WATERMARK: Final = "watermark.json"
_TITLE: Final = "GIOCONDA WATERMARK KEYS"
#: Of PBKDF2 with SHA-256, as OWASP's Password Storage Cheat Sheet has it (2023).
ITERATIONS: Final = 600_000
_SALT_BYTES: Final = 8
#: What ``openssl enc`` begins with.
_MAGIC: Final = b"Salted__"


def safe_copy(passphrase: bytes) -> bytes:
    """Return certificates and keys of every authority and signer, and the watermark's keys.

    The first are PEM, their keys PKCS #8. The last are the private folder's ``watermark.json`` as
    ``openssl enc -aes-256-cbc -pbkdf2 -iter 600000 -a`` writes it, between lines of their own.

    Args:
        passphrase: with which all of it is encrypted.

    Raises:
        TrustError: a key that is in use is missing, damaged, or cannot be read or made.
    """
    signing = exported(passphrase)
    operator_keys()  # so that there are some, and whole
    if (data := read_private(_WATERMARK)) is None:
        raise TrustError(f"{str(trust_home() / _WATERMARK)!r} is missing")
    lines = "\n".join(textwrap.wrap(base64.b64encode(_sealed(data, passphrase)).decode(), 64))
    return signing + f"-----BEGIN {_TITLE}-----\n{lines}\n-----END {_TITLE}-----\n".encode()


def _sealed(data: bytes, passphrase: bytes) -> bytes:
    salt = os.urandom(_SALT_BYTES)
    derived = PBKDF2HMAC(hashes.SHA256(), 48, salt, ITERATIONS).derive(passphrase)
    pad = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES256(derived[:32]), modes.CBC(derived[32:])).encryptor()
    body = cipher.update(pad.update(data) + pad.finalize()) + cipher.finalize()
    return _MAGIC + salt + body
