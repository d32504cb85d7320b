"""What a target names, checked before anything is opened; secrets stay out of every message.

A stream key is part of an address: as a password, in the path or in the query. So an address is
shown as its scheme, host and port alone, and a file as its name without the folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gioconda.errors import OptionError, OutputError
from gioconda.targets import check_file_target

Kind = Literal["network", "file", "camera"]

#: Schemes of networks, each with the port that is meant where none is said; 0 where one must be.
SCHEMES: Final[dict[str, int]] = {
    "rtmp": 1935,
    "rtmps": 443,
    "rtsp": 554,
    "srt": 0,
    "udp": 0,
}
#: Suffixes of files, with FFmpeg's name of the format.
SUFFIXES: Final[dict[str, str]] = {
    ".mp4": "mp4",
    ".mkv": "matroska",
    ".ts": "mpegts",
    ".flv": "flv",
}
CAMERA: Final = "camera"
#: What a stranger may say in a query: nothing that opens a socket of another kind or place.
_STRANGERS_OPTIONS: Final = frozenset({"streamid", "passphrase", "pbkeylen", "latency"})
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
#: Longest address.
_LENGTH: Final = 2_000


@dataclass(frozen=True)
class Address:
    """A checked target; make one with :func:`check_output`.

    Attributes:
        kind: ``network``, ``file`` or ``camera``.
        shown: what messages and logs may say.
        scheme: of a network address, a key of :data:`SCHEMES`; else empty.
        url: of a network, whole and secret.
        path: of a file.
        device: of a camera, as its system names it; empty for the first that is free.
        overwrite: whether an existing file may be replaced.
    """

    kind: Kind
    shown: str
    scheme: str = ""
    url: str = field(default="", repr=False)
    path: Path | None = field(default=None, repr=False)
    device: str = ""
    overwrite: bool = False


def check_output(
    target: str, *, overwrite: bool = False, allowed: Iterable[str] | None = None
) -> Address:
    """Check a target without opening it.

    Args:
        target: an address (``rtmp://``, ``rtmps://``, ``rtsp://``, ``srt://``, ``udp://``), a file
            (``.mp4``, ``.mkv``, ``.ts``, ``.flv``), ``camera`` or ``camera:DEVICE``.
        overwrite: whether an existing file may be replaced.
        allowed: what a client elsewhere may name: beginnings of addresses (scheme, host and port
            must be the same, the path must lie below), folders for files, ``camera``. None allows
            everything, which is for whoever owns the machine.

    Raises:
        OptionError: an unknown scheme or suffix, no host or port, or a target that is not allowed.
        OutputError: a file cannot be written there, or exists and may not be replaced.
    """
    if not target or len(target) > _LENGTH:
        raise OptionError("an output needs an address, the name of a file, or camera")
    rules = None if allowed is None else tuple(allowed)
    if target == CAMERA or target.startswith(CAMERA + ":"):
        return _camera(target, rules)
    if match := _SCHEME.match(target):
        return _network(target, match[1].lower(), rules)
    return _file(target, overwrite, rules)


def _camera(target: str, allowed: tuple[str, ...] | None) -> Address:
    if allowed is not None and CAMERA not in allowed:
        raise OptionError("a virtual camera is not among the outputs that are allowed here")
    return Address("camera", CAMERA, device=target[len(CAMERA) + 1 :])


def _network(target: str, scheme: str, allowed: tuple[str, ...] | None) -> Address:
    if scheme not in SCHEMES:
        raise OptionError(
            f"there is no output to {scheme}://; there are "
            f"{', '.join(f'{s}://' for s in SCHEMES)}, files ({', '.join(SUFFIXES)}) and camera"
        )
    if re.search(r"[\s\x00-\x20\x7f\\]", target):
        raise OptionError(f"the {scheme}:// address holds a space or a control character")
    parts, port = _split(target, scheme)
    if not port:
        raise OptionError(f"a {scheme}:// address needs a port, as in {scheme}://host:9000")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    shown = f"{scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    if allowed is not None:
        _check_allowed(parts, port, allowed, shown)
    return Address("network", shown, scheme, target)


def _split(target: str, scheme: str) -> tuple[SplitResult, int]:
    """Return the parts of an address and its port, the usual one where none is said."""
    try:
        parts = urlsplit(target)
        host, port = parts.hostname, parts.port
    except ValueError:  # its own message may repeat the address
        host, port = None, None
    if not host:
        raise OptionError(f"the {scheme}:// address has no host, or a port that is no number")
    return parts, port or SCHEMES[scheme]


def _check_allowed(parts: SplitResult, port: int, allowed: tuple[str, ...], shown: str) -> None:
    path = unquote(parts.path)
    options = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    clean = ".." not in path.split("/") and not set("\\%") & set(path) and not parts.fragment
    # With RTMP a query is part of the stream's name; elsewhere it sets options of the socket.
    clean = clean and (parts.scheme.lower().startswith("rtmp") or options <= _STRANGERS_OPTIONS)
    if not (clean and any(_begins(parts, port, path, rule) for rule in allowed)):
        raise OptionError(f"{shown} is not among the outputs that are allowed here")


def _begins(parts: SplitResult, port: int, path: str, rule: str) -> bool:
    match = _SCHEME.match(rule)
    if not match or match[1].lower() not in SCHEMES:
        return False
    scheme = match[1].lower()
    wanted, wanted_port = _split(rule, scheme)
    same = (scheme, wanted.hostname, wanted_port) == (parts.scheme.lower(), parts.hostname, port)
    below = wanted.path.rstrip("/")
    return same and (path == below or path.startswith(below + "/"))


def _file(target: str, overwrite: bool, allowed: tuple[str, ...] | None) -> Address:
    name = os.path.basename(target)
    if Path(target).suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"{name!r} has no suffix that an output is written in; there are "
            f"{', '.join(SUFFIXES)}, and addresses begin with "
            f"{', '.join(f'{s}://' for s in SCHEMES)}"
        )
    if allowed is not None and not any(_within(target, rule) for rule in allowed):
        raise OptionError(f"{name!r} is not among the outputs that are allowed here")
    try:
        path = check_file_target(target, overwrite)
    except OutputError:
        if allowed is None:
            raise
        # Nothing about this machine's folders is told to a client elsewhere.
        raise OutputError(f"{name!r} cannot be written, or exists already") from None
    return Address("file", path.name, path=path, overwrite=overwrite)


def _within(target: str, rule: str) -> bool:
    if _SCHEME.match(rule) or rule == CAMERA or not os.path.isabs(rule):
        return False
    try:
        return Path(target).resolve().is_relative_to(Path(rule).resolve())
    except (OSError, ValueError, RuntimeError):
        return False
