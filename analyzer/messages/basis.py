"""What a draft says that its numbers rest on: a survey of n, the service's data, public figures, private text."""

from __future__ import annotations

from analyzer.messages.claim import Amount, Basis, BasisKind
from analyzer.messages.sentences import Draft
from analyzer.messages.tokens import Piece


def basis_of(draft: Draft) -> Basis:
    """Return the basis that a draft states; private text comes first, for it may not be a basis of anything."""
    for kind, name in (
        (BasisKind.PRIVATE_TEXT, "private_text"),
        (BasisKind.SURVEY, "survey"),
        (BasisKind.SERVICE_DATA, "service_data"),
        (BasisKind.PUBLIC_FIGURES, "public_figures"),
    ):
        found = draft.anywhere(name)
        if found and not (kind is BasisKind.PRIVATE_TEXT and draft.anywhere("public_words")):
            asked = _asked(draft) if kind is BasisKind.SURVEY else None
            return Basis(kind, asked, draft.span(found[0]))
    return Basis(BasisKind.NONE)


def _asked(draft: Draft) -> Amount | None:
    """Return of how many people a survey is: the largest number beside the words for one."""
    sizes = [
        token.amount
        for match in draft.anywhere("no_group")
        for token in draft.tokens[match.start : match.end]
        if token.piece is Piece.NUMBER and token.amount
    ]
    return max(sizes, key=lambda amount: amount.stated, default=None)
