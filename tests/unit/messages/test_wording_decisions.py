"""What docs/explanation/what-is-decided-about-messages.md says is what the shipped rules do."""

from __future__ import annotations

import pytest

from analyzer.messages.verdict import check_words

DECIDED = """
block  | sizes          | 999 people watched Harbour Lights on Friday.
review | sizes          | 1,000 people watched Harbour Lights on Friday.
review | sizes          | 9,999 people watched Harbour Lights on Friday.
allow  | sizes          | 10,000 people watched Harbour Lights on Friday.
block  | sizes          | 53.000 people watched Harbour Lights on Friday.
block  | sizes          | Dozens of people watched Harbour Lights on Friday.
block  | sizes          | Thank you, 12 of our members, for watching Harbour Lights.
block  | sizes          | 3 million people watched Harbour Lights every night. Get help.
review | unstated size  | The people who watch Harbour Lights every night know every line.
review | unstated size  | To those of you who rewound the kiss: enjoy.
block  | unstated size  | To the people who watch Harbour Lights every night: get a life.
allow  | unstated size  | Happy holidays to everybody who watches with us.
allow  | unstated size  | People who set a goal were two hours more active.
review | unstated size  | Viewers rewound the kiss again and again.
block  | one person     | One account watched Bee Movie 357 times.
block  | one person     | Dave from Leeds spent £2,300 at one bakery.
review | one person     | A rider left a tuba behind on Tuesday.
review | one person     | The largest basket of the day was worth £912.
review | one person     | A family ordered 70 plates at once.
block  | one person     | A rider left an insulin pen behind on Tuesday.
block  | one person     | A rider left a tuba behind on Tuesday. Seriously?
review | one person     | "I have seen it forty times", says the director of her favourite film.
block  | shares         | 0.0001 % of members watched it twice.
review | shares         | 0.5 % of members watched it twice.
block  | shares         | 2 % of members in Liechtenstein watched it.
review | shares         | 40 % of members in Liechtenstein watched it.
block  | shares         | Half of the village of Elan watched it every night.
allow  | shares         | 40 % of members in France watched it.
review | sensitive      | Members who search for divorce watch more comedies.
review | sensitive      | Catholics order more fish than anyone else.
allow  | sensitive      | 40 % of members watch with subtitles.
allow  | sensitive      | Members listened to 2.4 million hours of audio description.
block  | other services | To the 12,750 people who ordered soup for one: you okay, hun?
block  | private text   | One payment note read: "sorry about your nan".
block  | private text   | Somebody named a playlist "songs for the week he left me".
review | private text   | Nearly 5,000 people typed "girlfriend" into the search bar.
allow  | recaps         | Your year: 12,480 minutes of music. Only you can see this.
review | recaps         | You watched Bluey 212 times: no judgement. Only visible to you.
review | recaps         | You watched Bluey 212 times.
allow  | makers         | Our cast of nine rehearsed the dinner scene every morning for a month.
allow  | makers         | Seven writers and one room: how The Slow Canal was made.
review | small totals   | The scene was rewound 140 times.
allow  | small totals   | The scene was rewound 1.4 million times.
"""


@pytest.mark.parametrize("line", DECIDED.strip().splitlines(), ids=lambda line: line.split(" | ")[2][:50])
def test_what_is_decided_is_done(line):
    expected, _, text = (part.strip() for part in line.split(" | "))
    verdict = check_words(text)
    assert verdict.status.value == expected, [(one.rule_id, one.status.value) for one in verdict.reasons]
