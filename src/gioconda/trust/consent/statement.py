"""What somebody states about a portrait before it is animated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from gioconda.errors import ConsentError, OptionError
from gioconda.trust.consent.wording import LANGUAGES, Language, agreed
from gioconda.trust.provenance import BASES, BasisName

#: Characters of a name or a relation.
_MOST_CHARACTERS: Final = 200
#: Bases on which a real person is shown, so that their age is asked.
_OF_PEOPLE: Final = ("self", "permission")
#: What is said of that person.
_ABOUT_PEOPLE: Final = ("of", "given", "until", "minor", "guardian", "evidence")


@dataclass(frozen=True)
class Guardian:
    """Who permitted it in a minor's place.

    Attributes:
        who: their name.
        relation: to the minor, such as mother.
        given: when they permitted it.
    """

    who: str
    relation: str
    given: date | None = None

    def __post_init__(self) -> None:
        one_line("the guardian's name", self.who)
        one_line("the guardian's relation", self.relation)
        if not self.who.strip() or not self.relation.strip():
            raise OptionError("a guardian's record has a name and a relation: 'Ann Smith, mother'")


@dataclass(frozen=True)
class Evidence:
    """What is kept of a recorded statement: that its words matched a phrase, and how clearly.

    Attributes:
        phrase: that was to be said.
        language: of it.
        sha256: salted hash of the sound file, hex; without the salt it says nothing.
        salt: 16 random bytes, hex.
        margin: by how much the phrase beat the best of the decoys, nats a second; see
            :mod:`gioconda.trust.consent.recorded`.
        kept: file of the ledger's folder in which the sound is kept; empty if it is not.
    """

    phrase: str
    language: str
    sha256: str
    salt: str
    margin: float
    kept: str = ""


@dataclass(frozen=True)
class Statement:
    """On what basis a portrait may be animated, as somebody states it.

    Attributes:
        basis: ``self`` (it shows who states it), ``permission`` (the person shown has permitted
            it), ``artwork`` (public domain, or owned), ``synthetic`` (it shows nobody).
        of: of whom the permission is; needed with ``permission``.
        given: when the permission was given.
        until: last day on which it holds; None without an end.
        minor: whether the person shown is a child or under 18; must be answered with ``self`` and
            ``permission``.
        guardian: who permitted it, for a minor.
        evidence: of a recorded statement.
        language: in which the text was agreed to.

    Raises:
        OptionError: the basis is not known, a text is too long, dates contradict each other, or
            what is said of a person goes with a basis on which none is shown.
    """

    basis: BasisName
    of: str = ""
    given: date | None = None
    until: date | None = None
    minor: bool | None = None
    guardian: Guardian | None = None
    evidence: Evidence | None = None
    language: Language = "en"

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise OptionError(f"basis is {self.basis!r}; it must be one of {', '.join(BASES)}")
        if self.language not in LANGUAGES:
            raise OptionError(
                f"the text is there in {', '.join(LANGUAGES)}, not in {self.language!r}"
            )
        one_line("the name", self.of)
        if self.given and self.until and self.until < self.given:
            raise OptionError(f"it ends on {self.until}, before it was given on {self.given}")
        if self.basis not in _OF_PEOPLE:
            said = [name for name in _ABOUT_PEOPLE if getattr(self, name) not in (None, "")]
            if said:
                raise OptionError(
                    f"the basis {self.basis!r} is for pictures without a person to be asked; leave "
                    f"out what is said of one: {', '.join(said)}"
                )
        if self.guardian is not None and not self.minor:
            raise OptionError("a guardian's record is for a minor; say that the person is one")

    @property
    def text(self) -> str:
        """What is agreed to, word for word."""
        return agreed(self.basis, self.minor, self.language, limited=self.until is not None)

    @property
    def expires(self) -> datetime | None:
        """The first instant at which it does not hold any more: aware, UTC; None without an end.

        The last day is that of this machine's calendar.
        """
        if self.until is None:
            return None
        after = datetime.combine(self.until + timedelta(days=1), time())
        return after.astimezone().astimezone(UTC)

    def check(self, now: datetime) -> None:
        """Refuse a statement that is incomplete, or does not suffice.

        Args:
            now: aware.

        Raises:
            ConsentError: ``not_stated`` where something is left out, ``refused`` for a minor
                without a guardian's record, ``expired`` where its end has passed.
            OptionError: it is said to have been given on a day that is to come.
        """
        if self.basis in _OF_PEOPLE and self.minor is None:
            raise ConsentError(
                f"with the basis {self.basis!r} it must be said whether the person shown is a "
                "child or under 18: --adult or --minor (minor=False or True)"
            )
        if self.basis == "permission" and not self.of.strip():
            raise ConsentError(
                "whose permission it is must be said: --of NAME, and if known --given and --until"
            )
        if self.minor and self.guardian is None:
            raise ConsentError(
                "a minor is animated only with a guardian's record: --guardian 'NAME, RELATION'",
                "refused",
            )
        today = now.astimezone().date()
        for given in (self.given, self.guardian.given if self.guardian else None):
            if given is not None and given > today:
                raise OptionError(f"it cannot have been given on {given}, which is to come")
        if self.expires is not None and self.expires <= now:
            raise ConsentError(f"this permission ended on {self.until}; ask again", "expired")

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold, without what is empty."""
        data: dict[str, Any] = {"basis": self.basis, "language": self.language}
        if self.of:
            data["of"] = self.of
        for name in ("given", "until"):
            if (day := getattr(self, name)) is not None:
                data[name] = day.isoformat()
        if self.minor is not None:
            data["minor"] = self.minor
        if self.guardian is not None:
            data["guardian"] = {"who": self.guardian.who, "relation": self.guardian.relation}
            if self.guardian.given is not None:
                data["guardian"]["given"] = self.guardian.given.isoformat()
        if self.evidence is not None:
            data["evidence"] = dict(vars(self.evidence))
        return data

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Statement:
        """Return what :meth:`to_dict` gave.

        What is on record stays readable though rules have been added since: a ledger that could not
        be read would refuse everything.

        Raises:
            KeyError, TypeError, ValueError: it did not.
        """
        guardian, evidence = data.get("guardian"), data.get("evidence")
        if data["basis"] not in BASES or data["language"] not in LANGUAGES:
            raise ValueError("a basis or a language that is not known")
        return _unchecked(
            cls, basis=data["basis"], of=data.get("of", ""), given=_day(data.get("given")),
            until=_day(data.get("until")), minor=data.get("minor"),
            guardian=None if guardian is None else Guardian(
                guardian["who"], guardian["relation"], _day(guardian.get("given"))
            ),
            evidence=None if evidence is None else Evidence(**evidence),
            language=data["language"],
        )  # fmt: skip


def day_of(name: str, text: str) -> date:
    """Return the day that somebody typed.

    Raises:
        OptionError: it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise OptionError(f"{name} is {text!r}; a day is written 2026-12-31") from None


def guardian_of(text: str, given: date | None = None) -> Guardian:
    """Return the guardian that somebody typed as ``NAME, RELATION``.

    Raises:
        OptionError: one of both is missing.
    """
    who, _, relation = text.rpartition(",")
    if not who.strip() or not relation.strip():
        raise OptionError(
            f"the guardian is {text!r}; give a name and a relation: 'Ann Smith, mother'"
        )
    return Guardian(who.strip(), relation.strip(), given)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _unchecked(kind: type[Statement], **values: Any) -> Statement:
    statement = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(statement, name, value)
    return statement


#: Stands in a record that refuses a portrait about which nothing was stated; it is on no basis that
#: counts, and can be stated by nobody.
NOTHING_STATED: Final = _unchecked(
    Statement, basis="", of="", given=None, until=None, minor=None, guardian=None, evidence=None,
    language="en",
)  # fmt: skip


def one_line(name: str, text: str) -> None:
    """Refuse what is no name.

    Raises:
        OptionError: it is too long, or more than one line.
    """
    if len(text) > _MOST_CHARACTERS or any(ord(c) < 32 for c in text):
        raise OptionError(f"{name} is one line of up to {_MOST_CHARACTERS} characters")
