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
        _words("the guardian's name", self.who)
        _words("the guardian's relation", self.relation)
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
        of: of whom the permission is, or what the artwork is; needed with ``permission``.
        given: when the permission was given.
        until: last day on which it holds; None without an end.
        minor: whether the person shown is a child or under 18; must be answered with ``self`` and
            ``permission``.
        guardian: who permitted it, for a minor.
        evidence: of a recorded statement.
        language: in which the text was agreed to.

    Raises:
        OptionError: the basis is not known, a text is too long, or dates contradict each other.
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
        _words("the name", self.of)
        if self.given and self.until and self.until < self.given:
            raise OptionError(f"it ends on {self.until}, before it was given on {self.given}")
        if self.basis not in _OF_PEOPLE:
            for name in ("minor", "guardian", "evidence"):
                if getattr(self, name):
                    raise OptionError(f"{name} is about a person; it does not go with {self.basis}")
        if self.guardian is not None and not self.minor:
            raise OptionError("a guardian's record is for a minor; say that the person is one")

    @property
    def text(self) -> str:
        """What is agreed to, word for word."""
        return agreed(self.basis, self.minor, self.language)

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
                raise ConsentError(f"it cannot have been given on {given}, which is to come",
                                   "refused")  # fmt: skip
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

        Raises:
            KeyError, TypeError, ValueError: it did not.
        """
        guardian, evidence = data.get("guardian"), data.get("evidence")
        return cls(
            data["basis"], data.get("of", ""), _day(data.get("given")), _day(data.get("until")),
            data.get("minor"),
            None if guardian is None else Guardian(
                guardian["who"], guardian["relation"], _day(guardian.get("given"))
            ),
            None if evidence is None else Evidence(**evidence),
            data["language"],
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


def _words(name: str, text: str) -> None:
    if len(text) > _MOST_CHARACTERS or any(ord(c) < 32 for c in text):
        raise OptionError(f"{name} is one line of up to {_MOST_CHARACTERS} characters")
