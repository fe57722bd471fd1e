"""Words that stand in rows: read models hold standings as they were rendered, and an audit renders them anew."""

from __future__ import annotations

from hashlib import sha256

from projections.engine.schema import SHAPE
from projections.standing import explanation
from projections.standing.levels import WORDS
from projections.standing.standing_model import Unmet

SHAPE_AND_WORDS = (9, "687ccede8f53bee9")


def test_other_words_of_standings_are_another_shape_of_read_models() -> None:
    """Where only the digest differs, count up `SHAPE`: rows of before would be taken for altered ones."""
    needs = [one for one in vars(explanation).values() if isinstance(one, Unmet)]
    assert len(needs) == 4
    words = repr(
        (sorted((level.value, *said) for level, said in WORDS.items()), needs, sorted(explanation.NOTES.items()))
    )
    assert (SHAPE, sha256(words.encode()).hexdigest()[:16]) == SHAPE_AND_WORDS
