"""What is agreed to, word for word: one text for each basis, in the four languages of the page.

A record keeps the text itself and the version, so that it says later what was agreed to then.
"""

from __future__ import annotations

from typing import Final, Literal

from gioconda.trust.provenance import BasisName

#: Grows with every change of a text.
VERSION: Final = 2
Language = Literal["en", "it", "de", "es"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "it", "de", "es")

#: Said under every choice: what a statement is worth.
HONESTLY: Final[dict[Language, str]] = {
    "en": "Nobody checks this, and a local user can lie; but what is said here is kept on record.",
    "it": "Nessuno lo verifica, e un utente locale può mentire; ma ciò che si dichiara qui resta "
    "agli atti.",
    "de": "Niemand prüft das, und wer am Gerät sitzt, kann lügen; aber was hier gesagt wird, "
    "bleibt festgehalten.",
    "es": "Nadie lo comprueba, y un usuario local puede mentir; pero lo que se declara aquí queda "
    "registrado.",
}

TEXTS: Final[dict[Language, dict[BasisName, str]]] = {
    "en": {
        "self": "This picture shows me, and I want it to be animated.",
        "permission": "The person in this picture was told that a video will be made in which "
        "their face speaks, and has permitted it.",
        "artwork": "This picture is an artwork, in the public domain or owned by me; it shows no "
        "living person who would have to be asked.",
        "synthetic": "This picture was generated and shows nobody: no real person was meant to be "
        "recognised in it.",
    },
    "it": {
        "self": "Questa immagine mostra me, e voglio che venga animata.",
        "permission": "Alla persona in questa immagine è stato detto che si farà un video in cui "
        "il suo volto parla, e l'ha permesso.",
        "artwork": "Questa immagine è un'opera d'arte, di pubblico dominio o mia; non mostra una "
        "persona vivente a cui si dovrebbe chiedere.",
        "synthetic": "Questa immagine è stata generata e non mostra nessuno: non si voleva che vi "
        "si riconoscesse una persona reale.",
    },
    "de": {
        "self": "Dieses Bild zeigt mich, und ich will, dass es bewegt wird.",
        "permission": "Der Person auf diesem Bild wurde gesagt, dass ein Video entsteht, in dem "
        "ihr Gesicht spricht, und sie hat es erlaubt.",
        "artwork": "Dieses Bild ist ein Kunstwerk, gemeinfrei oder mein Eigentum; es zeigt keine "
        "lebende Person, die gefragt werden müsste.",
        "synthetic": "Dieses Bild wurde erzeugt und zeigt niemanden: Keine wirkliche Person sollte "
        "darin zu erkennen sein.",
    },
    "es": {
        "self": "Esta imagen me muestra a mí, y quiero que se anime.",
        "permission": "A la persona de esta imagen se le dijo que se hará un vídeo en el que su "
        "rostro habla, y lo ha permitido.",
        "artwork": "Esta imagen es una obra de arte, de dominio público o mía; no muestra a una "
        "persona viva a la que habría que preguntar.",
        "synthetic": "Esta imagen fue generada y no muestra a nadie: no se pretendía que se "
        "reconociera en ella a una persona real.",
    },
}  # fmt: skip

#: Said beside the basis where an end was stated.
LIMITED: Final[dict[Language, str]] = {
    "en": "This holds until the day stated.",
    "it": "Ciò vale fino al giorno indicato.",
    "de": "Das gilt bis zu dem angegebenen Tag.",
    "es": "Esto vale hasta el día indicado.",
}

#: Said beside the basis where the person is a child or under 18.
GUARDIANS: Final[dict[Language, str]] = {
    "en": "The person shown is a child or under 18. Their legal guardian, named here, was told "
    "that a video will be made in which the face speaks, and has permitted it.",
    "it": "La persona mostrata è un bambino o ha meno di 18 anni. Chi ne ha la responsabilità "
    "legale, qui indicato, sa che si farà un video in cui il volto parla, e l'ha permesso.",
    "de": "Die gezeigte Person ist ein Kind oder unter 18. Wer hier als sorgeberechtigt genannt "
    "ist, weiß, dass ein Video entsteht, in dem das Gesicht spricht, und hat es erlaubt.",
    "es": "La persona mostrada es menor de 18 años. Quien aquí figura como responsable legal "
    "sabe que se hará un vídeo en el que el rostro habla, y lo ha permitido.",
}

#: Said where the person is of age.
OF_AGE: Final[dict[Language, str]] = {
    "en": "The person shown is 18 or older.",
    "it": "La persona mostrata ha almeno 18 anni.",
    "de": "Die gezeigte Person ist mindestens 18 Jahre alt.",
    "es": "La persona mostrada tiene al menos 18 años.",
}


def agreed(
    basis: BasisName, minor: bool | None, language: Language = "en", *, limited: bool = False
) -> str:
    """Return the whole text that a statement agrees to.

    Args:
        basis: that is stated.
        minor: whether the person is under 18; None where that is not asked.
        language: of the text.
        limited: whether it has an end.
    """
    parts = [TEXTS[language][basis]]
    if limited:
        parts.append(LIMITED[language])
    if minor is not None:
        parts.append((GUARDIANS if minor else OF_AGE)[language])
    return " ".join([*parts, HONESTLY[language]])
