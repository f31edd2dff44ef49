"""A packed title ("Show: Season 2: Episode") taken apart, in the languages that exports come in.

There is no title id in a member's export: the tidied text is the id. The series is what stands before the
season. A colon alone says nothing, since films have colons too: without a season or an episode number the
series is null.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.schema import Kind

# French puts a space before the colon, Chinese and Japanese write a wide one.
_COLON: Final = re.compile(r" ?: | ?： ?")

_SMALL_NUMBERS: Final = (
    "one two three four five six seven eight nine ten eleven twelve eins zwei drei vier fünf sechs un une"
    " deux trois quatre cinq uno una dos tres cuatro cinco due tre quattro cinque um dois duas três quatro"
    " een twee drie vijf"
)
# Words that mean a season wherever a number stands beside them.
_SEASON_WORDS: Final = (
    "season series temporada staffel saison stagione seizoen sæson sezon säsong kausi sesong sezonul sezona"
    " série serie sorozat évad сезон σεζόν mùa musim ซีซั่น ซีซัน الموسم עונה hooaeg sezonas sezóna"
)
# Words that also occur in films' names: they count only where the number ends the segment.
_PART_WORDS: Final = (
    "part teil partie parte deel del część díl osa rész bölüm часть volume vol volumen volumes band tome tomo"
    " book buch livre libro livro boek bog bok księga kniha kirja книга chapter kapitel chapitre capítulo"
    " capitolo hoofdstuk rozdział глава collection colección coleção collezione sammlung collectie kolekcja"
)
_WHOLE: Final = (
    "limited series|mini-?series?|mini-?série|minisérie|miniserien|minisarja|miniszéria"
    "|série limitée|serie limitada|série limitada|serie limitata|limitierte serie|serial limitowany"
    "|miniserial|beperkte serie|begrænset serie|begränsad serie|begrenset serie|sınırlı dizi"
    "|мини-сериал|минисериал|リミテッドシリーズ|리미티드 시리즈|限定劇|迷你剧|迷你劇"
    "|collection|colección|coleção|collezione|sammlung|collectie|kolekcja"
)
_EPISODE_WORDS: Final = (
    "episode folge épisode episodio episódio aflevering odcinek avsnitt afsnit jakso bölüm episod episodul"
    " epizoda epizód díl rész серия эпизод επεισόδιο tập ตอนที่ الحلقة פרק エピソード 에피소드 ep"
)


def _any(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words.split()), key=len, reverse=True))


_NUMBER: Final = rf"(?:\d+|[ivx]+|{_any(_SMALL_NUMBERS)})"
_SEASON: Final = re.compile(
    rf"(?:{_any(_SEASON_WORDS)}) {_NUMBER}\b.*"
    rf"|\d+[.ªºa]? ?(?:{_any(_SEASON_WORDS)})\b.*"
    rf"|(?:{_any(_PART_WORDS)})\.? {_NUMBER}"
    rf"|\d+[.ªº]? ?(?:{_any(_PART_WORDS)})"
    rf"|{_WHOLE}"
    r"|(?:シーズン|시즌) ?\d+.*|第 ?[\d一二三四五六七八九十]+ ?[季部].*",
    re.IGNORECASE,
)
_EPISODE: Final = re.compile(
    rf" ?[(（](?:(?:{_any(_EPISODE_WORDS)})\.? ?\d+|\d+[.ªº]? ?(?:{_any(_EPISODE_WORDS)})"
    r"|第 ?\d+ ?[集話话回]|\d+ ?[회화話集])[)）]$",
    re.IGNORECASE,
)


def tidy(text: str) -> str:
    """Return a title in composed Unicode (NFC) with runs of white space as one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def series_of(title: str) -> str | None:
    """Return the series of a tidied title, or None for films and for titles that do not say.

    Examples
    --------
    >>> series_of("Harbour Lights: Season 2: The Ferry (Episode 4)")
    'Harbour Lights'
    >>> series_of("The Long Tide: A Film") is None
    True
    """
    breaks = list(_COLON.finditer(title))
    parts = _COLON.split(title)
    # The last segment is the episode and the first the show, so a season stands between them.
    for before, part in zip(breaks[:-1], parts[1:-1], strict=True):
        if _SEASON.fullmatch(part) or _is_numbered_show(part, parts[0]):
            return title[: before.start()] or None
    suffix = _EPISODE.search(title)
    if suffix is None:
        return None
    return title[: breaks[0].start() if breaks else suffix.start()] or None


def _is_numbered_show(part: str, show: str) -> bool:
    """Some shows name their seasons after themselves: "Show: Show 2: Episode"."""
    rest = part.removeprefix(show)
    return rest != part and rest.strip().isdigit()


def title_columns(titles: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return tidied titles and their series, each distinct title worked on once.

    Parameters
    ----------
    titles : pyarrow.Array of string
        Titles as exported. Null and blank stay null.

    Returns
    -------
    tuple of pyarrow.Array
        Two dictionaries of int32 to string, as long as `titles`.
    """
    coded = pc.dictionary_encode(titles)
    tidied = [tidy(text) or None for text in coded.dictionary.to_pylist()]
    series = [series_of(text) if text else None for text in tidied]
    return _spread(tidied, coded.indices), _spread(series, coded.indices)


def _spread(words: list[str | None], codes: pa.Array) -> pa.Array:
    return pc.dictionary_encode(pa.array(words, pa.string()).take(codes)).cast(Kind.KEY.arrow_type)
