"""Names that look alike: whoever reads the trail must not take one person for another.

Letters that look like others are those of Unicode Technical Standard 39, as far as they are met in names; a name that
mixes alphabets is none, so that a letter which is missing here cannot stand among those that it looks like.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from analyzer.errors import InputError
from analyzer.ledger.events import LONGEST_NAME, NO_PERSONS
from analyzer.policy.overrides import name_compared
from analyzer.policy.words import visible

_CYRILLIC: Final = dict(
    zip("аеорсухіјѕԁһӏԛԝвкмнтгпьАВЕКМНОРСТУХІЈЅԌԚԜѴѵ", "aeopcyxijsdhlqwbkmhtrnbABEKMHOPCTYXIJSGQWVv", strict=True)
)
_GREEK: Final = dict(zip("αβγικνορτυχωεηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abyikvoptuxwenABEZHIKMNOPTYX", strict=True))
_OTHERS: Final = dict(zip("ıɑɡոսօհցøłđħŧØŁĐĦŦ", "iagnuohgoldhtOLDHT", strict=True)) | {
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
}
_SMALL: Final = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_LETTERS: Final = str.maketrans(_CYRILLIC | _GREEK | _OTHERS | _SMALL)
_STROKES: Final = str.maketrans("i10", "llo")  # a capital i, a small l and a one are one stroke in many fonts
_TOGETHER: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "MODIFIER"})
"""First words of the Unicode names of letters that stand beside others in names."""


def as_compared(name: str) -> str:
    """Return a name as it is compared with others: two that look like one are one.

    It takes longer than the name is long: cut what strangers send before.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", visible(name)) if not unicodedata.combining(c))
    return name_compared(plain.translate(_LETTERS)).translate(_STROKES)


def check_looks(name: str) -> None:
    """Refuse a name that could be read as something else than it is.

    Raises
    ------
    InputError
        When it mixes alphabets, looks like one of `NO_PERSONS`, or is too long to be compared.
    """
    alphabets = {unicodedata.name(c, "?").split()[0] for c in visible(name) if c.isalpha()} - _TOGETHER
    if len(alphabets) > 1:
        told = " and ".join(sorted(alphabet.capitalize() for alphabet in alphabets))
        raise InputError(f"{name!r:.60} mixes letters that look alike: {told}.", "Write it in one alphabet.")
    compared = as_compared(name)
    if compared in map(as_compared, NO_PERSONS):
        raise InputError(f"{name!r:.60} is no person.", "Choose another name.")
    if not compared or len(compared) > LONGEST_NAME:
        raise InputError(f"{name!r:.60} cannot be a name here.", "Give a shorter one, with a letter or digit in it.")
