"""What the commands under ``gioconda trust`` do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gioconda.cli.voice import Voice
from gioconda.errors import OptionError, TrustError

if TYPE_CHECKING:
    from gioconda.trust.log import Entry

_PASSPHRASE: Final = "GIOCONDA_PASSPHRASE"
_SHORTEST_PASSPHRASE: Final = 8


def init(
    organisation_cert: str | None,
    organisation_key: str | None,
    voice: Voice,
    *,
    own: bool,
    timestamp_url: str | None,
) -> None:
    """Make the keys if there are none, and set what signs."""
    if (organisation_cert is None) != (organisation_key is None):
        raise OptionError("--organisation-cert and --organisation-key go together")
    if own and organisation_cert is not None:
        raise OptionError("either --own or --organisation-cert")
    if timestamp_url and not timestamp_url.startswith(("http://", "https://")):
        raise OptionError(f"{timestamp_url!r} is no address of a time server (http://...)")
    from gioconda.trust.credentials.keys import configure, own_identity
    from gioconda.trust.credentials.organisation import set_organisation
    from gioconda.trust.watermark.keys import operator_keys

    own_identity()
    operator_keys()
    if organisation_cert is not None and organisation_key is not None:
        set_organisation(Path(organisation_cert), Path(organisation_key))
    if own:
        configure(organisation=False)
    if timestamp_url is not None:
        configure(timestamp_url=timestamp_url or None)
    show(voice)


def show(voice: Voice) -> None:
    """Tell what signs and marks."""
    data = _state()
    voice.result(_told(data), data)


def rotate(voice: Voice) -> None:
    """Make new keys."""
    from gioconda.trust.credentials.keys import rotate as new_signer
    from gioconda.trust.credentials.keys import settings
    from gioconda.trust.watermark.keys import rotate_operator_key

    # The watermark's first: if it fails, nothing has changed.
    epoch = rotate_operator_key().epoch
    number = new_signer()
    text = f"signing key {number} and watermark key {epoch} are used from now on"
    if settings().organisation:
        text += "; files are still signed with the organisation's certificate"
    voice.result(text, {"signing_key": number, "watermark_epoch": epoch})


def export(output: str | None, voice: Voice, *, secret: bool, force: bool) -> None:
    """Write the public certificate, or an encrypted copy of the keys."""
    from gioconda.targets import check_file_target, replacing
    from gioconda.trust.credentials.anchors import own_anchors
    from gioconda.trust.credentials.keys import own_identity

    target = None if output is None else check_file_target(output, force)
    if secret:
        from gioconda.trust.credentials.safe_copy import safe_copy

        text = safe_copy(_passphrase())
    else:
        own_identity()  # so that there is something
        text = b"".join(own_anchors())
    if target is None:
        sys.stdout.write(text.decode())
        return
    with replacing(target) as stage:
        if secret:
            stage.chmod(0o600)
        stage.write_bytes(text)
    what = "encrypted copy of all keys" if secret else "public certificates"
    voice.say(f"{what}: {target}")


def log(most: int | None, forget: str | None, voice: Voice) -> None:
    """List the log, or delete from it."""
    from gioconda.trust import log as trust_log

    if forget is not None:
        if forget != "all" and not forget.isdecimal():
            raise OptionError(f"--forget takes a number of the log, or 'all', not {forget!r}")
        count = trust_log.forget(None if forget == "all" else int(forget))
        if not count and forget != "all":
            raise OptionError(f"the log has no output {forget}")
        voice.result(f"{count} deleted from the log", {"deleted": count})
        return
    found = trust_log.entries(most)
    lines = [_line(entry) for entry in found] or ["nothing was made here yet"]
    voice.result("\n".join(lines), {"outputs": [_entry(entry) for entry in found]})


def _state() -> dict[str, Any]:
    from gioconda.trust.credentials import keys
    from gioconda.trust.credentials.anchors import ANCHORS, foreign_anchors
    from gioconda.trust.home import trust_home
    from gioconda.trust.log import count
    from gioconda.trust.watermark.keys import has_operator_keys, operator_keys, own_identifier

    chosen = keys.settings()
    signers, authorities = keys.own_signers(), keys.own_authorities()
    made = bool(signers)
    marked = has_operator_keys()
    signing: dict[str, Any] | None = None
    if chosen.organisation or made:
        try:
            found = keys.current()
            signing = {
                "organisation": found.organisation,
                "algorithm": found.algorithm,
                "key": None if found.organisation else found.epoch,
                **keys.described(found.certificate),
            }
        except TrustError as e:  # what is wrong is what whoever asks wants to see
            signing = {"problem": str(e)}
    return {
        "home": str(trust_home()),
        "made": made,
        "signing": signing,
        "authorities": [keys.described(c) for c in authorities],
        "signing_keys": [{"key": n, **keys.described(c)} for n, c in signers],
        "timestamp_url": chosen.timestamp_url,
        "anchors": {"folder": str(trust_home() / ANCHORS), "certificates": len(foreign_anchors())},
        "watermark": {
            "identifier": f"{own_identifier():016x}" if marked else None,
            "epochs": [key.epoch for key in operator_keys()] if marked else [],
        },
        "log": {"outputs": count()},
    }


def _told(data: dict[str, Any]) -> str:
    lines = []
    signing = data["signing"]
    if signing is None:
        lines.append("no keys yet; the first output makes them, or 'gioconda trust init'")
    elif "problem" in signing:
        lines.append(f"cannot sign      {signing['problem']}")
    else:
        whose = "an organisation's certificate" if signing["organisation"] else "own key"
        lines += [
            f"signs            {signing['name']} ({whose}, {signing['algorithm']})",
            f"  SHA-256        {signing['sha256']}",
            f"  valid          {signing['from'][:10]} to {signing['until'][:10]}",
        ]
    for authority in data["authorities"]:
        lines += [
            f"authority        {authority['name']}",
            f"  SHA-256        {authority['sha256']}",
            f"  valid          {authority['from'][:10]} to {authority['until'][:10]}",
        ]
    if data["signing_keys"]:
        numbers = ", ".join(str(row["key"]) for row in data["signing_keys"])
        lines.append(f"signing keys     {numbers}")
    if data["watermark"]["identifier"] is not None:
        epochs = ", ".join(map(str, data["watermark"]["epochs"]))
        lines += [
            f"watermark        identifier {data['watermark']['identifier']}, key epochs {epochs}"
        ]
    lines += [
        f"time server      {data['timestamp_url'] or 'none; nothing is sent anywhere'}",
        f"trusts           its own, and {data['anchors']['certificates']} certificates in "
        f"{data['anchors']['folder']}",
        f"log              {data['log']['outputs']} outputs",
        f"kept in          {data['home']}",
    ]
    return "\n".join(lines)


def _line(entry: Entry) -> str:
    notes = [
        entry.media_type if entry.files == 1 else f"{entry.files} x {entry.media_type}",
        f"{entry.size / 1e6:.1f} MB",
        f"by {entry.driver}",
    ]
    if entry.basis is not None:
        notes.append(f"on {entry.basis}")
    notes += [name for name in ("live", "partial") if getattr(entry, name)]
    return f"{entry.id:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  {', '.join(notes)}"


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "media_type": entry.media_type,
        "size": entry.size,
        "files": entry.files,
        "manifest": entry.manifest,
        "driver": entry.driver,
        "identifier": None if entry.identifier is None else f"{entry.identifier:016x}",
        "basis": entry.basis,
        "consent": entry.consent,
        "live": entry.live,
        "partial": entry.partial,
        "ingredients": [
            {
                "role": s.ingredient.role,
                "media_type": s.ingredient.media_type,
                "sha256": s.ingredient.sha256.hex(),
                "salt": s.salt.hex(),
                "hash": s.hash,
            }
            for s in entry.ingredients
        ],
    }


def _passphrase() -> bytes:
    given = os.environ.get(_PASSPHRASE)
    if given is None:
        if sys.stdin is None or not sys.stdin.isatty():
            raise OptionError(f"--secret needs a passphrase; set the variable {_PASSPHRASE}")
        from getpass import getpass

        given = getpass("passphrase: ")
        if getpass("again: ") != given:
            raise OptionError("the passphrases differ")
    if len(given) < _SHORTEST_PASSPHRASE:
        raise OptionError(f"the passphrase has less than {_SHORTEST_PASSPHRASE} characters")
    return given.encode()
