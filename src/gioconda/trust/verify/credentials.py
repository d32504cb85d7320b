"""What the sandbox read of credentials, checked field by field: a stranger's file is behind it."""

from __future__ import annotations

from typing import Any, Final, get_args

from gioconda.plain_text import plain_value
from gioconda.trust.credentials.found import instant
from gioconda.trust.verify import sentences
from gioconda.trust.verify.finding import CredentialsFinding, CredentialStatus

_CHARACTERS: Final = 300
_ITEMS: Final = 40
#: Ends of codes (C2PA 2.x, "Validation status codes") that say that content, or what is said of it,
#: is not what was signed. Others tell of certificates, times, algorithms or damage.
_CHANGES: Final = (
    ".mismatch", "assertion.missing", "assertion.undeclared", "hardBindings.missing",
)  # fmt: skip
_NAME: Final = "gioconda"


def credentials_finding(read: dict[str, Any]) -> CredentialsFinding:
    """Return a finding from the fields of :class:`gioconda.trust.credentials.found.Credentials`.

    Args:
        read: as :meth:`gioconda.sandbox.file_reader.FileReader.credentials` returns them.
    """
    status: CredentialStatus = "unreadable"
    if read.get("status") in get_args(CredentialStatus):
        status = read["status"]
    if status == "none":
        return CredentialsFinding()
    problems = _texts(read.get("problems"))
    generator = _text(read.get("generator"))
    own = status == "trusted" and read.get("own") is True
    identifier = read.get("watermark")
    bound = isinstance(identifier, int) and 0 <= identifier < 2**64
    found = CredentialsFinding(
        status=status, own=own, generator=generator,
        by_gioconda=generator.lower().startswith(_NAME) or bound,
        changed=status == "invalid" and changed(problems),
        signer=_text(read.get("signer")), issuer=_text(read.get("issuer")),
        title=_text(read.get("title")), source_type=_text(read.get("source_type")),
        actions=_texts(read.get("actions")), signed_at=instant(read.get("signed_at")),
        timestamped=read.get("timestamped") is True, basis=_text(read.get("basis")),
        identifier=f"{identifier:016x}" if bound else None,
        training_refused=read.get("training_refused") is True, problems=problems,
    )  # fmt: skip
    return found.model_copy(update={"sentence": sentences.of_credentials(found)})


def changed(problems: tuple[str, ...]) -> bool:
    """Tell whether codes of problems say that content and credentials do not fit each other."""
    return any(code.endswith(_CHANGES) for code in problems)


def _text(value: Any) -> str:
    return plain_value(value, _CHARACTERS)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(text for v in value[:_ITEMS] if (text := _text(v)))
