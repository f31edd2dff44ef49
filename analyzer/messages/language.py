"""Which language a draft is in, by its small words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from analyzer.messages.lexicon import own_words
from analyzer.messages.text import plain_form

_SMALL: Final = {
    "en": """a an are was its out about into up my get only when just one can if the of and to in is was were who that this with for on at you your are it by from more than people have has had been
    their they we our as not be an or but what all one time year last times every watched how why""",
    "de": """der die das und ist im den dem ein eine einen einer von mit zu auf fur nicht wir ihr du hat haben sich auch wurde wurden
    als mal mehr uber die alle diese diesem jahr am an euch dich was warum wer habt hast uns unsere schon pro aus bei beim""",
    "fr": """le la les des du de et est une un en dans pour qui que vous avez ont au aux sur par plus cette cet ce nous pas ne sont
    annee fois jour jours tous a ete qu'ils leur leurs l' d' cher chere son sa ses avec etes""",
    "es": """el la los las de del y es una un en para que quien por con mas este esta anos ano veces se su sus al han ha fue dia
    dias todos cada lo como no querida querido estas estan personas durante visto veces vio
    vieron persona todo bien casa muy sin hasta cuando vez ser mas miembros usuarios ha le os alguien quienes esa ese ya tambien""",
    "other": """il della delle degli gli di che nel per sono stato piu anno quest' riuscito da non uno ogni volte nella questo
    o os das dos uma um com mais foi nao voce ele pessoas ano vezes pelo
    het een van en op voor niet zijn aan met naar ook werd meer keer jaar deze wie
    che hanno ha ai quest anno sono volte utente utenti tutti suo persone serie
    elke dag persoon keek mensen veel wij jij ons naar heeft hebben
    och att det som pa av med har inte jag og det som af til ikke er i och den ett""",
}
_KNOWN: Final = {language: frozenset(words.split()) for language, words in _SMALL.items()}


def language_of(words: Iterable[str], given: str) -> str:
    """Return "en", "de", "fr" or "es", or "" where it is none of these.

    Parameters
    ----------
    words : iterable of str
        The words of the draft in plain form.
    given : str
        The draft as it was given: letters of other scripts tell that it is none of the four.
    """
    if _is_foreign(given):
        return ""
    told = list(words)
    votes = {language: sum(_weight(word) for word in told if word in known) for language, known in _KNOWN.items()}
    for language in votes.keys() - {"en"}:
        votes[language] += sum(word in own_words(language) for word in told)
    best = max(votes, key=lambda language: votes[language])
    if votes["en"] >= votes[best] or votes[best] < 1.5:
        return "en"
    return "" if best == "other" else best


def _weight(word: str) -> float:
    """Return how much a small word tells: less, the more languages have it."""
    return 1 / sum(word in known for known in _KNOWN.values())


def _is_foreign(given: str) -> bool:
    """Whether most letters belong to no alphabet of these languages, nor look like one of theirs."""
    letters = [char for char in given[:2_000] if char.isalpha()]
    foreign = sum(_far(char) for char in letters)
    return foreign * 2 > len(letters) and bool(letters)


def _far(char: str) -> bool:
    return not char.isascii() and not plain_form(char)[:1].isascii()
