"""Search: one slip anywhere is found, and folding is what it says, over generated names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from projections.search.folding import fold_name, pieces
from projections.search.grams import row_grams
from projections.search.pinyin import readings, syllables
from projections.search.similar import SIMILAR_CHARS_MIN, half_sets, near, slip_sets

CHARACTERS = "味境杭州科技食品天行重长ab1"
NAMES = some.text(CHARACTERS, min_size=SIMILAR_CHARS_MIN, max_size=24)


def distance(one: str, other: str) -> int:
    """Optimal string alignment, straight from its recursion (Wagner and Fischer; Damerau)."""
    rows = [list(range(len(other) + 1))]
    for i in range(1, len(one) + 1):
        row = [i]
        for j in range(1, len(other) + 1):
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def slips(word: str) -> some.SearchStrategy[str]:
    """`word` with one character wrong, missing, too many, or two changed about."""
    at = some.integers(0, len(word) - 1)
    other = some.sampled_from(CHARACTERS)
    return some.one_of(
        some.builds(lambda at, other: word[:at] + other + word[at + 1 :], at, other),
        some.builds(lambda at: word[:at] + word[at + 1 :], at),
        some.builds(lambda at, other: word[:at] + other + word[at:], at, other),
        some.builds(lambda at: word[:at] + word[at : at + 2][::-1] + word[at + 2 :], at),
    )


@given(NAMES.flatmap(lambda name: some.tuples(some.just(name), slips(name))), some.text(CHARACTERS, max_size=4))
def test_a_name_is_a_candidate_and_near_whatever_the_one_slip_and_whatever_stands_around(
    slipped: tuple[str, str], around: str
) -> None:
    name, typed = slipped
    if len(typed) < SIMILAR_CHARS_MIN:
        return
    whole = around + name + around
    known = set(row_grams([whole], [], ""))
    assert any(known.issuperset(grams) for grams in slip_sets(typed))
    halves = half_sets(typed, common=())
    assert halves is None or any(known.issuperset(grams) for grams in halves)
    assert near(typed, whole)


@given(NAMES, some.text(CHARACTERS, min_size=1, max_size=30))
def test_what_is_near_holds_the_word_but_for_one_slip(word: str, name: str) -> None:
    windows = [name[at:end] for at in range(len(name)) for end in range(at + 1, len(name) + 1)]
    assert near(word, name) == any(distance(word, window) <= 1 for window in windows)


@given(some.text(max_size=40))
def test_folding_twice_is_folding_once_and_words_are_parts_of_the_whole(text: str) -> None:
    folded = fold_name(text)
    assert fold_name(folded) == folded
    assert "".join(pieces(text)) == folded


@given(some.lists(some.sampled_from("味境杭州科技食品天行平安"), min_size=1, max_size=8).map("".join))
def test_what_a_name_is_read_as_can_be_typed_without_spaces(name: str) -> None:
    for reading in readings(name):
        ways = syllables("".join(reading))
        assert ways
        assert all("".join(spoken) == "".join(reading) for spoken, _ in ways)
