"""The truth table of docs/verify.md, row by row, and what splices a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from gioconda.trust.verify.finding import (
    Claim,
    CredentialsFinding,
    FileFinding,
    LogFinding,
    Stretch,
    Verdict,
    VerdictCode,
    WatermarkFinding,
)
from gioconda.trust.verify.verdict import missing, spans, verdict_of

NONE = CredentialsFinding()
OWN = CredentialsFinding(
    status="trusted", own=True, by_gioconda=True, identifier="ab" * 8,
    source_type="trainedAlgorithmicMedia",
)  # fmt: skip
OURS_UNKNOWN = OWN.model_copy(update={"status": "valid_unknown_signer", "own": False})
CAMERA = CredentialsFinding(status="trusted", generator="A Camera", source_type="digitalCapture")
EDITOR = CredentialsFinding(
    status="valid_unknown_signer", generator="An Editor", source_type="humanEdits"
)
ALTERED = CredentialsFinding(
    status="invalid", changed=True, problems=("assertion.bmffHash.mismatch",)
)
EXPIRED = CredentialsFinding(
    status="invalid", by_gioconda=True, problems=("signingCredential.expired",)
)
BROKEN = CredentialsFinding(status="unreadable")

MARKED = WatermarkFinding(status="detected", false_alarm=1e-30, z=30, identifier="ab" * 8)
FAINT = WatermarkFinding(status="inconclusive", false_alarm=1e-4)
PLAIN = WatermarkFinding(status="inconclusive", false_alarm=1.0)
CLEAN = WatermarkFinding(status="not_detected", false_alarm=0.7)
NO_PICTURES = WatermarkFinding()


def stretch(start_s: float, end_s: float, z: float) -> Stretch:
    status: Any = "detected" if z >= 4.5 else "not_detected" if z < 3 else "inconclusive"
    return Stretch(start_s=start_s, end_s=end_s, z=z, status=status)


SPLICED = MARKED.model_copy(
    update={"stretches": (stretch(0, 5, 30), stretch(5, 9, -0.2), stretch(9, 12, 28))}
)
KNOWN = LogFinding(status="known_file")
ALIKE = LogFinding(status="known_frames")
SYNTHETIC_CLAIM = Claim(where="XMP", name="DigitalSourceType", text="trainedAlgorithmicMedia")
CAPTURE_CLAIM = Claim(where="XMP", name="DigitalSourceType", text="digitalCapture")


def judge(
    credentials: CredentialsFinding,
    mark: WatermarkFinding,
    log: LogFinding | None = None,
    claims: tuple[Claim, ...] = (),
    kind: Any = "video",
) -> Verdict:
    return verdict_of(FileFinding(kind=kind), credentials, mark, log or LogFinding(), claims)


@pytest.mark.parametrize(
    ("credentials", "mark", "log", "code", "exit_code"),
    [
        (OWN, MARKED, KNOWN, "made_with_gioconda", 0),
        (NONE, CLEAN, KNOWN, "made_with_gioconda", 0),
        (OWN, MARKED, None, "made_with_gioconda", 0),
        (OURS_UNKNOWN, MARKED, None, "made_with_gioconda", 0),
        (NONE, MARKED, None, "made_with_gioconda", 0),
        (EDITOR, MARKED, None, "made_with_gioconda", 0),
        (EXPIRED, MARKED, None, "made_with_gioconda", 0),
        (BROKEN, MARKED, None, "made_with_gioconda", 0),
        (OWN, CLEAN, None, "credentials_only", 0),
        (OWN, NO_PICTURES, None, "credentials_only", 0),
        (OURS_UNKNOWN, CLEAN, None, "credentials_only", 1),
        (ALTERED, MARKED, None, "altered", 3),
        (ALTERED, CLEAN, None, "altered", 3),
        (CAMERA, MARKED, None, "contradicted", 3),
        (NONE, SPLICED, None, "spliced", 3),
        (OURS_UNKNOWN, SPLICED, None, "spliced", 3),
        (OWN, SPLICED, None, "made_with_gioconda", 0),
        (NONE, CLEAN, ALIKE, "known_frames", 1),
        (CAMERA, CLEAN, None, "other_tool", 1),
        (EDITOR, CLEAN, None, "other_tool", 1),
        (NONE, FAINT, None, "inconclusive", 1),
        (NONE, PLAIN, None, "no_evidence", 1),
        (NONE, CLEAN, None, "no_evidence", 1),
        (EXPIRED, CLEAN, None, "no_evidence", 1),
        (BROKEN, CLEAN, None, "no_evidence", 1),
    ],
)
def test_truth_table(
    credentials: CredentialsFinding,
    mark: WatermarkFinding,
    log: LogFinding | None,
    code: str,
    exit_code: int,
) -> None:
    found = judge(credentials, mark, log)
    assert (found.code, found.exit_code) == (code, exit_code)
    assert found.sentence.endswith(".")


def test_the_document_has_every_verdict() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "verify.md").read_text("utf-8")
    for code in get_args(VerdictCode):
        assert f"`{code}`" in text


def test_an_exact_known_file_outweighs_credentials_that_do_not_fit() -> None:
    assert judge(ALTERED, MARKED, KNOWN).code == "made_with_gioconda"


def test_another_operator_in_the_credentials_than_in_the_watermark() -> None:
    other = OURS_UNKNOWN.model_copy(update={"identifier": "cd" * 8})
    assert judge(other, MARKED).code == "contradicted"


def test_claims_of_any_tool_are_told_and_are_no_proof() -> None:
    told = judge(NONE, CLEAN, claims=(SYNTHETIC_CLAIM,))
    assert (told.code, told.exit_code) == ("other_tool", 1)
    assert "anybody can write" in told.sentence
    assert judge(NONE, CLEAN, claims=(CAPTURE_CLAIM,)).code == "no_evidence"


def test_nothing_found_is_never_called_anything_else() -> None:
    told = judge(NONE, CLEAN)
    assert told.sentence.startswith("No evidence either way")
    assert any("does not mean that it was filmed" in d for d in told.details)


def test_a_sound_is_not_blamed_for_its_pictures() -> None:
    told = judge(OWN, NO_PICTURES, kind="sound")
    assert "pictures" not in told.sentence


def test_spliced_stretches_are_named() -> None:
    sentence = judge(NONE, SPLICED).sentence
    assert "0:00 to 0:05 and 0:09 to 0:12" in sentence
    assert "0:05 to 0:09" in sentence


@pytest.mark.parametrize(
    ("stretches", "gaps"),
    [
        ((stretch(0, 5, 30), stretch(5, 9, 0.5)), [(5, 9)]),
        ((stretch(0, 5, 30), stretch(5, 6.5, 0.5)), []),  # too short to tell
        ((stretch(0, 5, 6), stretch(5, 9, 2.5)), []),  # weak everywhere, as after rough handling
        ((stretch(0, 5, 8.2), stretch(5, 9, 2.9)), []),  # not much weaker
        ((stretch(0, 5, 30), stretch(5, 9, 4)), []),  # in doubt
        ((stretch(0, 5, 30), stretch(5, 7, 0), stretch(7, 9, 1)), [(5, 9)]),
        ((stretch(0, 5, 1),), []),
        ((stretch(0, 5, 30), stretch(5, 9, 0).model_copy(update={"plain": True})), []),  # black
        ((), []),
    ],
)
def test_what_counts_as_another_source(stretches: Any, gaps: Any) -> None:
    assert missing(stretches) == gaps


def test_many_stretches_are_counted_in_words() -> None:
    assert spans([(0, 1)]) == "0:00 to 0:01"
    assert spans([(i, i + 0.5) for i in range(6)]).endswith("and 2 more")


PUBLIC = MARKED.model_copy(update={"identifier": None})


@pytest.mark.parametrize(
    ("credentials", "mark", "hinted"),
    [
        (NONE, PUBLIC, True), (OURS_UNKNOWN, PUBLIC, True), (EDITOR, PUBLIC, True),
        (OWN, PUBLIC, False), (NONE, MARKED, False),
    ],
)  # fmt: skip
def test_a_public_mark_alone_does_not_tell_who_made_it(
    credentials: CredentialsFinding, mark: WatermarkFinding, hinted: bool
) -> None:
    details = judge(credentials, mark).details
    assert any("who made it cannot be told here" in d for d in details) == hinted


def test_a_file_without_credentials_need_not_have_lost_any() -> None:
    details = judge(NONE, MARKED).details
    assert any(d.startswith("It carries no credentials (any more)") for d in details)
    assert not any("lost" in d for d in details)


def test_likeness_alone_does_not_alarm() -> None:
    assert judge(NONE, CLEAN, ALIKE).sentence.startswith("No evidence either way")
