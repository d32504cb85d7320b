"""What a statement has to say before it counts."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gioconda.errors import ConsentError, OptionError
from gioconda.trust.consent.statement import Guardian, Statement, day_of, guardian_of
from gioconda.trust.consent.wording import GUARDIANS, HONESTLY, LANGUAGES, LIMITED, OF_AGE, TEXTS
from gioconda.trust.provenance import BASES

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GUARDIAN = Guardian("Ann Smith", "mother")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (Statement("self"), "not_stated"),
        (Statement("permission", "Ann"), "not_stated"),
        (Statement("permission", minor=False), "not_stated"),
        (Statement("permission", "  ", minor=False), "not_stated"),
        (Statement("permission", "Ben", minor=True), "refused"),
        (Statement("self", minor=True), "refused"),
        (Statement("permission", "Ann", until=date(2026, 5, 30), minor=False), "expired"),
    ],
)  # fmt: skip
def test_what_does_not_suffice_is_refused(statement, code):
    with pytest.raises(ConsentError) as refused:
        statement.check(NOW)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "statement",
    [
        Statement("self", minor=False),
        Statement("self", minor=True, guardian=GUARDIAN),
        Statement("permission", "Ann", date(2026, 5, 1), date(2026, 6, 1), minor=False),
        Statement("permission", "Ben", minor=True, guardian=GUARDIAN),
        Statement("artwork"),
        Statement("synthetic"),
    ],
)
def test_what_suffices_passes(statement):
    statement.check(NOW)


def test_a_permission_holds_through_its_last_day():
    statement = Statement("permission", "Ann", until=date(2026, 6, 1), minor=False)
    last = datetime(2026, 6, 1, 23, 59, 59).astimezone()
    statement.check(last)
    with pytest.raises(ConsentError, match="2026-06-01"):
        statement.check(datetime(2026, 6, 2).astimezone())


@pytest.mark.parametrize(
    "wrong",
    [
        {"basis": "love"},
        {"basis": "permission", "given": date(2026, 2, 2), "until": date(2026, 1, 1)},
        {"basis": "permission", "of": "x" * 300},
        {"basis": "permission", "of": "Ann\nBen"},
        {"basis": "artwork", "minor": True},
        {"basis": "permission", "minor": False, "guardian": GUARDIAN},
        {"basis": "self", "language": "xx"},
    ],
)
def test_contradictions_are_refused_at_once(wrong):
    with pytest.raises(OptionError):
        Statement(**wrong)


@pytest.mark.parametrize("basis", ["artwork", "synthetic"])
@pytest.mark.parametrize(
    "said",
    [
        {"of": "Ann"}, {"given": date(2026, 1, 1)}, {"until": date(2027, 1, 1)}, {"minor": False},
        {"minor": True}, {"minor": True, "guardian": GUARDIAN},
    ],
)  # fmt: skip
def test_nothing_is_said_of_a_person_where_none_is_shown(basis, said):
    with pytest.raises(OptionError, match=f"'{basis}'.*without a person.*{next(iter(said))}"):
        Statement(basis, **said)


def test_what_was_kept_before_such_a_rule_stays_readable():
    kept = {"basis": "artwork", "language": "en", "of": "Ann", "minor": False}
    assert Statement.from_dict(kept).to_dict() == kept
    with pytest.raises(ValueError, match="not known"):
        Statement.from_dict({**kept, "basis": "love"})


@pytest.mark.parametrize(
    "statement",
    [
        Statement("permission", "Ann", date(2026, 6, 3), minor=False),
        Statement("self", minor=True, guardian=Guardian("Ann", "mother", date(2026, 6, 3))),
    ],
)
def test_nothing_can_be_permitted_in_the_future(statement):
    with pytest.raises(OptionError, match="given on 2026-06-03, which is to come"):
        statement.check(NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_speaks_of_an_end_only_where_there_is_one(language):
    endless = Statement("permission", "Ann", minor=False, language=language)
    limited = Statement(
        "permission", "Ann", until=date(2027, 1, 1), minor=False, language=language
    )  # fmt: skip
    assert LIMITED[language] not in endless.text
    assert LIMITED[language] in limited.text
    assert limited.text.replace(f" {LIMITED[language]}", "") == endless.text


def test_days_and_guardians_are_read_as_they_are_typed():
    assert day_of("until", " 2026-12-31 ") == date(2026, 12, 31)
    assert guardian_of("Smith, Ann, mother") == Guardian("Smith, Ann", "mother")
    for wrong in ("31.12.2026", "", "2026-02-30"):
        with pytest.raises(OptionError, match="2026-12-31"):
            day_of("until", wrong)
    for wrong in ("Ann Smith", ", mother", "Ann,"):
        with pytest.raises(OptionError, match="guardian"):
            guardian_of(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_and_the_honest_one(language):
    assert set(TEXTS[language]) == set(BASES)
    for basis in BASES:
        minor = False if basis in ("self", "permission") else None
        text = Statement(basis, minor=minor, language=language).text
        assert text.startswith(TEXTS[language][basis])
        assert text.endswith(HONESTLY[language])
        assert (OF_AGE[language] in text) == (minor is False)
    text = Statement("self", minor=True, guardian=GUARDIAN, language=language).text
    assert GUARDIANS[language] in text
