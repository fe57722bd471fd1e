"""What a list does not know is refused in the words of its form, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pytest

from api.desk.complaints import work_list
from api.desk.data_officer import erasures_page
from api.desk.list_filters import PARAMETER_WORDS, require_choice, unknown_parameter
from api.desk.pending_list import CHOICES, PARAMETERS
from api.desk.regulator import accesses_page, event_filter, log_page
from api.desk.staff import roster_report_page
from api.http.errors import InvalidRequest
from api.pages.words import Word

LISTS: Final[tuple[Mapping[str, Mapping[str, Word]], ...]] = (CHOICES, work_list.CHOICES)


@pytest.mark.parametrize("choices", LISTS, ids=["pending", "complaints"])
def test_an_unknown_choice_is_refused_with_what_there_is_as_the_form_says_it(
    choices: Mapping[str, Mapping[str, Word]],
) -> None:
    for name, words in choices.items():
        for value in words:
            require_choice("some.rule", name, value, words)
        with pytest.raises(InvalidRequest) as caught:
            require_choice("some.rule", name, "nonsense", words)
        for word in words.values():
            assert word.zh in caught.value.zh and word.en in caught.value.en
        assert not re.search("[a-z]", caught.value.zh) and "_" not in caught.value.en


def test_every_condition_of_a_list_has_words() -> None:
    for known in (
        PARAMETERS,
        work_list.PARAMETERS,
        event_filter.PARAMETERS,
        accesses_page._PARAMETERS,
        erasures_page._PARAMETERS,
        frozenset(log_page._ASKED),
        roster_report_page._FILTERS,
        frozenset({"asked", "campaign", "cursor", "enterprise", "after"}),
    ):
        said = unknown_parameter(known)
        assert not re.search("[a-z]", said.zh)
        assert known <= set(PARAMETER_WORDS)
    assert "本页不带条件" in unknown_parameter(frozenset()).zh
