"""What was found of a file: three findings side by side, what its metadata claim, one verdict.

Models of pydantic, since the same is printed by the command, answered by the server and described
in its API. Texts that come out of a file are a stranger's; whoever shows them escapes them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

#: What one can say of a file in the end.
VerdictCode = Literal[
    "made_with_gioconda", "spliced", "altered", "contradicted", "credentials_only", "known_frames",
    "other_tool", "inconclusive", "no_evidence", "unreadable",
]  # fmt: skip
CredentialStatus = Literal["none", "valid_unknown_signer", "trusted", "invalid", "unreadable"]
MarkStatus = Literal["detected", "inconclusive", "not_detected", "not_looked_for"]
LogStatus = Literal["known_file", "known_frames", "unknown"]

#: Exit codes of ``gioconda verify``.
EXIT_MADE: Final = 0
EXIT_NO_EVIDENCE: Final = 1
EXIT_UNREADABLE: Final = 2
EXIT_TAMPERED: Final = 3


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileFinding(_Part):
    """The file itself."""

    name: str = Field(
        default="", description="of the file; empty where it has none or it is not kept"
    )
    sha256: str = Field(default="", description="of its bytes, hex")
    size: int = Field(default=0, description="bytes")
    kind: Literal["picture", "video", "sound", "unknown"] = "unknown"
    media_type: str = Field(default="", description="by its first bytes", examples=["video/mp4"])
    width: int | None = Field(default=None, description="pixels")
    height: int | None = Field(default=None, description="pixels")
    length_s: float | None = Field(
        default=None, description="null for a still, or where it is not known"
    )


class CredentialsFinding(_Part):
    """What its Content Credentials (C2PA) say, and whether they hold."""

    status: CredentialStatus = Field(
        default="none",
        description="`trusted`: by a signer who is trusted here; `valid_unknown_signer`: unchanged "
        "since it was signed, by somebody nobody here vouches for; `invalid`: they do not fit the "
        "file, or their certificate cannot be used",
    )
    sentence: str = "It carries no Content Credentials."
    by_gioconda: bool = Field(default=False, description="they name Gioconda as what made the file")
    own: bool = Field(default=False, description="signed by a key of this installation")
    changed: bool = Field(default=False, description="they do not fit the file's content")
    signer: str = Field(default="", description="as the certificate names it")
    issuer: str = ""
    generator: str = Field(default="", description="the program that made the file", max_length=300)
    title: str = Field(default="", description="as the credentials name the file")
    source_type: str = Field(
        default="", description="IPTC digital source type", examples=["trainedAlgorithmicMedia"]
    )
    actions: tuple[str, ...] = Field(default=(), description="what was done, in order")
    signed_at: datetime | None = None
    timestamped: bool = Field(default=False, description="a time server attests the time")
    basis: str = Field(default="", description="on which the portrait was animated, if Gioconda's")
    identifier: str | None = Field(
        default=None, description="in the binding to the watermark, 16 hex"
    )
    training_refused: bool = Field(default=False, description="not to be used for training")
    problems: tuple[str, ...] = Field(default=(), description="codes of what is wrong")


class Stretch(_Part):
    """A stretch of a file about which the same can be said."""

    start_s: float
    end_s: float
    z: float = Field(description="strength of the mark, in standard deviations of chance")
    status: MarkStatus
    plain: bool = Field(
        default=False, description="its pictures are too dark or plain to carry a mark"
    )


class Looked(_Part):
    """How much of a file was looked at for the watermark."""

    frames: int = 0
    seconds: float = 0.0
    of_s: float | None = None
    parts: int = Field(
        default=1, description="stretches spread over the file; 1 where it was all of it"
    )
    singles: int = Field(default=0, description="single frames between the stretches")
    cut: bool = Field(default=False, description="the time for it ran out before the end")
    counted: bool = Field(
        default=False,
        description="the file tells no instants, or all the same: 25 frames a second are assumed",
    )


class WatermarkFinding(_Part):
    """Whether Gioconda's watermark is in the pictures."""

    status: MarkStatus = "not_looked_for"
    sentence: str = "It has no pictures to look for the watermark in."
    false_alarm: float = Field(
        default=1.0,
        description="probability that a file without a mark looks as marked as this one",
    )
    z: float = Field(default=0.0, description="strength, in standard deviations of chance")
    identifier: str | None = Field(
        default=None, description="the operator's, 16 hex, where a key is held that reads it"
    )
    own: bool = Field(default=False, description="the identifier is that of this installation")
    epoch: int | None = Field(default=None, description="of the key that reads it")
    stretches: tuple[Stretch, ...] = ()
    looked: Looked = Looked()
    quick: bool = Field(default=False, description="changes of scale and shape were not searched")


class LogFinding(_Part):
    """Whether this installation's log knows the file."""

    status: LogStatus = "unknown"
    sentence: str = "This installation's log does not know it."
    made_at: datetime | None = Field(
        default=None, description="when the output was made that it knows"
    )
    output: str = Field(default="", description="which one: the log's number of it")
    likeness: float | None = Field(
        default=None, description="share of frames that are alike, 0 to 1"
    )


class Claim(_Part):
    """What plain metadata claim. Anybody can write them."""

    where: str = Field(examples=["XMP"])
    name: str = Field(examples=["DigitalSourceType"])
    text: str = Field(examples=["trainedAlgorithmicMedia"])
    sentence: str = Field(
        default="", description="in plain words, where it says how a file was made"
    )


class Verdict(_Part):
    """What one can say in the end."""

    code: VerdictCode = "no_evidence"
    sentence: str = ""
    details: tuple[str, ...] = Field(default=(), description="what else to know, a sentence each")
    exit_code: int = Field(
        default=EXIT_NO_EVIDENCE,
        description="of `gioconda verify`: 0 made with Gioconda, 1 no evidence, 2 unreadable, "
        "3 evidence of tampering",
    )


class Finding(_Part):
    """What was found of a file."""

    verdict: Verdict
    file: FileFinding
    credentials: CredentialsFinding
    watermark: WatermarkFinding
    log: LogFinding
    claims: tuple[Claim, ...] = ()
    version: str = Field(default="", description="of Gioconda")
    checked_at: datetime
