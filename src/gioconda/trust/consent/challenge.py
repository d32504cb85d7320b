"""Random phrases for a person to say, so that a recorded statement cannot be an old recording.

The words of each language differ in their sounds, and none of them names anything private.
"""

from __future__ import annotations

import secrets
from typing import Final

from gioconda.errors import OptionError

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "apple", "banana", "blanket", "bottle", "butter", "camera", "candle", "carpet", "cherry",
        "coffee", "cousin", "curtain", "dinner", "dolphin", "elbow", "engine", "family", "feather",
        "finger", "forest", "garden", "guitar", "hammer", "island", "jacket", "kitchen", "ladder",
        "lemon", "market", "mirror", "monkey", "morning", "orange", "paper", "pepper", "piano",
        "pocket", "potato", "rabbit", "river", "school", "silver", "spider", "summer", "tomato",
        "tiger", "umbrella", "valley", "village", "window",
    ),
    "it": (
        "albero", "amico", "anello", "arancia", "bandiera", "barca", "bottiglia", "burro",
        "camino", "candela", "castello", "cavallo", "chitarra", "cipolla", "colomba", "cugino",
        "delfino", "farfalla", "fiume", "foglia", "fratello", "gelato", "giardino", "isola",
        "lampada", "limone", "mattina", "mercato", "montagna", "nuvola", "ombrello", "orologio",
        "pane", "pesce", "pioggia", "pomodoro", "ponte", "quaderno", "ragazzo", "sabato", "scala",
        "scuola", "sedia", "specchio", "tavolo", "telefono", "topo", "uva", "villaggio", "zucchero",
    ),
    "de": (
        "Abend", "Ameise", "Apfel", "Banane", "Besen", "Blume", "Brille", "Butter", "Dachs",
        "Dorf", "Eimer", "Elefant", "Fenster", "Feuer", "Fisch", "Garten", "Gabel", "Gitarre",
        "Hammer", "Himmel", "Insel", "Jacke", "Kaffee", "Kirsche", "Koffer", "Lampe", "Leiter",
        "Löffel", "Markt", "Messer", "Morgen", "Nadel", "Ofen", "Papier", "Pfeffer", "Pinsel",
        "Regen", "Rose", "Schule", "Sommer", "Spiegel", "Tasche", "Teller", "Tiger", "Tomate",
        "Vogel", "Wasser", "Wolke", "Zeitung", "Zitrone",
    ),
    "es": (
        "abuelo", "amigo", "anillo", "árbol", "arena", "barco", "botella", "caballo", "camisa",
        "campana", "castillo", "cebolla", "ciudad", "cocina", "cuchara", "delfín", "domingo",
        "escalera", "escuela", "espejo", "estrella", "familia", "flor", "fuego", "guitarra",
        "helado", "hermano", "isla", "jardín", "lámpara", "limón", "manzana", "mercado", "montaña",
        "naranja", "nube", "oreja", "paloma", "papel", "pescado", "pueblo", "puente", "queso",
        "ratón", "silla", "sombrero", "tomate", "ventana", "verano", "zapato",
    ),
    "fr": (
        "abeille", "ami", "anneau", "arbre", "banane", "bateau", "beurre", "bougie", "bouteille",
        "cerise", "château", "cheval", "citron", "colline", "couteau", "cuisine", "dauphin",
        "dimanche", "école", "étoile", "famille", "fenêtre", "feuille", "fleuve", "fourchette",
        "fromage", "girafe", "guitare", "hibou", "horloge", "jardin", "lampe", "livre", "maison",
        "marché", "matin", "miroir", "montagne", "nuage", "oiseau", "orange", "papier",
        "parapluie", "poisson", "poivre", "pont", "savon", "soleil", "tomate", "village",
    ),
}  # fmt: skip
#: Words of a phrase.
LEAST, MOST = 5, 7


def new_phrase(language: str = "en", words: int = 6) -> str:
    """Return a random phrase: different words of a language, from the system's own randomness.

    Args:
        language: en, it, de, es or fr.
        words: 5 to 7; six of 50 are one of 11 thousand million phrases.

    Raises:
        OptionError: another language or number.
    """
    known = words_of(language)
    if not LEAST <= words <= MOST:
        raise OptionError(f"a phrase has {LEAST} to {MOST} words, not {words}")
    return " ".join(secrets.SystemRandom().sample(known, words))


def words_of(language: str) -> tuple[str, ...]:
    """Return the words that phrases of a language are made of.

    Raises:
        OptionError: there are none.
    """
    if language not in WORDS:
        raise OptionError(f"phrases are there in {', '.join(WORDS)}, not in {language!r}")
    return WORDS[language]


def checked_phrase(phrase: str, language: str) -> list[str]:
    """Return the words of a phrase, if it is one that :func:`new_phrase` could have given.

    Raises:
        OptionError: it is none.
    """
    known = {w.casefold(): w for w in words_of(language)}
    words = [known.get(w.strip(".,;:!?").casefold(), "") for w in phrase.split()]
    if not LEAST <= len(words) <= MOST or "" in words or len(set(words)) < len(words):
        raise OptionError(
            f"this is no phrase of {language!r} by 'gioconda consent challenge'; give one as it "
            "was printed"
        )
    return words
