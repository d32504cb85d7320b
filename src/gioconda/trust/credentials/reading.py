"""Reads the Content Credentials of a file from anywhere: offline, and with a clean answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from gioconda.plain_text import plain_value
from gioconda.trust.containers import matroska
from gioconda.trust.containers.formats import carrier_of, media_type_of
from gioconda.trust.containers.pieces import Pieces
from gioconda.trust.credentials.anchors import Vouching, vouching
from gioconda.trust.credentials.certificates import TRUST_CONFIGURATION, named
from gioconda.trust.credentials.found import (
    WATERMARK_ALGORITHM,
    Credentials,
    FoundIngredient,
    Place,
    Status,
    instant,
)
from gioconda.trust.credentials.manifest import CONSENT, INGREDIENTS

if TYPE_CHECKING:
    import c2pa

logger = logging.getLogger(__name__)

#: Texts and lists of a file from anywhere are cut to this.
_LONGEST_TEXT: Final = 200
_LONGEST_LIST: Final = 50
#: A manifest store beside a file is not read if it is larger.
_LARGEST_STORE: Final = 16 << 20
_LARGEST_SAID: Final = 4 << 20
_SUFFIX: Final = ".c2pa"
#: For the reader, of a file of an unknown format that has credentials beside it.
_ANY: Final = "application/octet-stream"


def sidecar_of(path: Path) -> Path:
    """Return the file in which the credentials of another lie, where its format holds none."""
    return path.with_name(path.name + _SUFFIX)


def read_credentials(
    source: Path | BinaryIO,
    suffix: str,
    *,
    beside: bytes | None = None,
    anchors: Sequence[bytes] | None = None,
    trusted: Vouching | None = None,
) -> Credentials:
    """Return what a file's credentials say, and whether they hold. Never uses the network.

    Args:
        source: the file, or a seekable stream of it. A path that has a file of its own name and
            ``.c2pa`` beside it is read with that, where the format can hold no credentials.
        suffix: by which the format is known if the first bytes do not say it, such as ``.mp4``;
            with or without its dot.
        beside: a manifest store that came beside the file, if one did.
        anchors: certificates to trust (PEM) beside this installation's own; those of the folder
            ``anchors`` if None.
        trusted: whose signatures are, in place of what lies on this machine; nothing but the file
            is read then, so that it can be done in a sandbox.

    Returns:
        Hostile or broken input has the status ``invalid`` or ``unreadable``; nothing is raised for
        it.

    Raises:
        TrustError: this installation's own certificates cannot be read.
    """
    trust = vouching() if trusted is None else trusted
    if anchors is not None:
        trust = replace(trust, foreign=tuple(anchors))
    with ExitStack() as stack:
        try:
            if isinstance(source, Path):
                file: BinaryIO = stack.enter_context(source.open("rb"))
                if beside is None and sidecar_of(source).is_file():
                    with sidecar_of(source).open("rb") as other:
                        beside = other.read(_LARGEST_STORE)
            else:
                file = source
            media_type = media_type_of(file, suffix)
            stream, store, place = _located(file, media_type)
            found = Credentials("none")
            if place == "attached" and store is None:
                found = Credentials("unreadable", place, problems=("manifest.unreadable",))
            elif place is not None:
                found = _read(stream, media_type, store, place, trust)
            if found.status == "none" and beside is not None:
                found = _read(file, media_type or _ANY, beside, "beside", trust)
            return found
        except (OSError, ValueError) as e:
            logger.debug("unreadable: %s", e)
            return Credentials("unreadable", problems=("file.unreadable",))


def _located(file: BinaryIO, media_type: str) -> tuple[BinaryIO, bytes | None, Place | None]:
    """Return the bytes that a file's own credentials cover, their store if apart, and its place.

    The place is None if the format has none for them, or nothing is there. There is no store where
    what is attached is damaged.
    """
    carrier = carrier_of(media_type) if media_type else "beside"
    if carrier == "embedded":
        return file, None, "embedded"
    if carrier == "attached":
        if (found := matroska.attached(file)) is not None:
            return cast(BinaryIO, Pieces(file, found.signed)), found.store, "attached"
        if matroska.seems_attached(file):
            return file, None, "attached"
    return file, None, None


def _read(
    stream: BinaryIO,
    media_type: str,
    store: bytes | None,
    place: Place,
    trust: Vouching,
) -> Credentials:
    import c2pa

    try:
        reader = open_reader(stream, media_type, store, (*trust.own, *trust.foreign))
        text = reader.json()
        if len(text) > _LARGEST_SAID:
            return Credentials("unreadable", place, problems=("manifest.oversized",))
        found = _told(reader, json.loads(text), reader.get_validation_state(), place)
        if found.status == "trusted" and found.serial.lower() in trust.serials:
            # A number can be given again by any authority; ours must vouch for it.
            alone = not trust.foreign or (
                open_reader(stream, media_type, store, trust.own).get_validation_state()
                == "Trusted"
            )
            found = replace(found, own=alone)
        return found
    except c2pa.C2paError.ManifestNotFound:
        return Credentials("none")
    except c2pa.C2paError.NotSupported:
        return Credentials("none")
    except c2pa.C2paError as e:
        if str(e).startswith("Remote") or isinstance(e, c2pa.C2paError.RemoteManifest):
            # It names an address where credentials may lie; nothing is fetched.
            return Credentials("unreadable", problems=("manifest.elsewhere",))
        logger.debug("unreadable credentials: %s", e)
        return Credentials("unreadable", place, problems=("manifest.unreadable",))
    except RecursionError:
        return Credentials("unreadable", place, problems=("manifest.unreadable",))


def open_reader(
    stream: BinaryIO, media_type: str, store: bytes | None, anchors: Sequence[bytes]
) -> c2pa.Reader:
    """Return a reader that fetches nothing.

    Args:
        stream: the bytes that the credentials cover.
        media_type: of the file.
        store: the manifest store, if it is not in the stream.
        anchors: certificates to trust, PEM.

    Raises:
        c2pa.C2paError: there are no credentials, or they cannot be read.
    """
    import c2pa

    # Two locks on the network: nothing asks, and no host may be asked.
    settings: dict[str, Any] = {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
        "core": {"allowed_network_hosts": []},
        "trust": {"trust_config": TRUST_CONFIGURATION},
    }
    stream.seek(0)
    if anchors:
        settings["trust"]["trust_anchors"] = b"\n".join(anchors).decode("ascii", "replace")
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    return c2pa.Reader(media_type, stream, manifest_data=store, context=context)


def _told(
    reader: c2pa.Reader, said: dict[str, Any], state: str | None, place: Place
) -> Credentials:
    label = str(said.get("active_manifest", ""))
    manifest = _table(_table(said.get("manifests")).get(label))
    results = _table(said.get("validation_results"))
    # A signer whom nobody here vouches for is no fault of the file.
    problems = tuple(
        code
        for code in dict.fromkeys(_codes(results, "failure"))
        if state == "Invalid" or code != "signingCredential.untrusted"
    )
    status: Status = {"Trusted": "trusted", "Valid": "valid_unknown_signer"}.get(  # type: ignore[assignment]
        state or "", "invalid"
    )
    assertions = {
        _text(row.get("label")): row.get("data") for row in _rows(manifest.get("assertions"))
    }
    acted = next(
        (_table(d) for name, d in assertions.items() if name.startswith("c2pa.actions")), {}
    )
    actions = _rows(acted.get("actions"))
    signature = _table(manifest.get("signature_info"))
    certificate = _certificate(reader, label)
    subject = _table(certificate.get("subject"))
    attested = instant(signature.get("time"))
    consent = _table(assertions.get(CONSENT))
    return Credentials(
        status=status,
        place=place,
        signer=_joined(subject) or _text(signature.get("issuer")),
        issuer=_joined(_table(certificate.get("issuer"))),
        serial=_text(certificate.get("serialNumber")),
        expires=instant(_table(certificate.get("validity")).get("notAfter")),
        signed_at=attested or next((w for a in actions if (w := instant(a.get("when")))), None),
        timestamped=attested is not None and "timeStamp.trusted" in _codes(results, "success"),
        generator=_generator(manifest),
        source_type=next(
            (_text(t).rpartition("/")[2] for a in actions if (t := a.get("digitalSourceType"))), ""
        ),
        actions=tuple(_text(a.get("action")) for a in actions[:_LONGEST_LIST]),
        ingredients=tuple(
            FoundIngredient(
                _text(row.get("role")), _text(row.get("media_type")), _text(row.get("hash"))
            )
            for row in _rows(_table(assertions.get(INGREDIENTS)).get("items"))[:_LONGEST_LIST]
        ),
        other_ingredients=len(_rows(manifest.get("ingredients"))),
        watermark=_watermark(assertions),
        basis=_text(consent.get("basis")),
        consent=_text(consent.get("reference")),
        training_refused=_refuses_training(assertions),
        problems=problems[:_LONGEST_LIST],
        manifest=_text(label),
        said=manifest,
    )


def _codes(results: dict[str, Any], outcome: str) -> list[str]:
    """Return the codes of what the reader found of the active manifest."""
    return [_text(r.get("code")) for r in _rows(_table(results.get("activeManifest")).get(outcome))]


def _certificate(reader: c2pa.Reader, label: str) -> dict[str, Any]:
    """Return what the reader tells of the signer's certificate; empty if it tells nothing."""
    import c2pa

    try:
        manifests = _rows(_table(json.loads(reader.crjson())).get("manifests"))
    except (c2pa.C2paError, ValueError):
        return {}
    active = next((row for row in manifests if row.get("label") == label), {})
    return _table(_table(active.get("signature")).get("certificateInfo"))


def _watermark(assertions: dict[str, Any]) -> int | None:
    for name, data in assertions.items():
        table = _table(data)
        if name.startswith("c2pa.soft-binding") and table.get("alg") == WATERMARK_ALGORITHM:
            for block in _rows(table.get("blocks")):
                try:
                    value = int(_text(block.get("value")), 16)
                except ValueError:
                    continue
                if 0 <= value < 1 << 64:
                    return value
    return None


def _refuses_training(assertions: dict[str, Any]) -> bool:
    for label in ("cawg.training-mining", "c2pa.training-mining"):
        entries = _table(_table(assertions.get(label)).get("entries"))
        if any(
            "training" in kind and _table(entry).get("use") == "notAllowed"
            for kind, entry in entries.items()
        ):
            return True
    return False


def _generator(manifest: dict[str, Any]) -> str:
    info = _rows(manifest.get("claim_generator_info"))
    if info:
        return f"{_text(info[0].get('name'))} {_text(info[0].get('version'))}".strip()
    return _text(manifest.get("claim_generator"))


def _joined(name: dict[str, Any]) -> str:
    return named(_text(name.get("O")), _text(name.get("CN")))


def _text(value: object) -> str:
    return plain_value(value, _LONGEST_TEXT)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
