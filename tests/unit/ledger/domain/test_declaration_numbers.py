"""Numbers of standards: the forms that are in use, one way of writing each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.values.standard_number import check_number, fold_number, is_enterprise_number, number_key
from ledger.errors import Refused
from tests.support.refusals import refused

IN_USE = (
    "Q/CSGD 003-2018",
    "Q/310115000123C001-2019",
    "Q/31 0115000123C001-2019",
    "Q/12NK4201-2016",
    "Q/(HZ)ABC 001-2020",
    "Q/ABC 0001S-2019",
    "Q/BQB 403-98",
    "Q/XYZ.J01.002-2021",
    "GB 4806.7-2016",
    "GB/T 19001-2016",
    "GB/T 191",
    "GB/Z 17624.1-1998",
    "GBJ 50-83",
    "QB/T 1014-2010",
    "YY 0469-2011",
    "JJF 1070-2005",
    "NY/T 391-2021",
    "DB31/T 1073-2017",
    "DB4401/T 10-2018",
    "DB31/2025-2021",
    "DBS44/006-2016",
    "T/CAQI 10-2016",
    "T/ZZB 0123-2017",
)


@pytest.mark.parametrize("number", IN_USE)
def test_numbers_that_are_in_use_are_taken(number: str) -> None:
    check_number(number)
    assert is_enterprise_number(number) == number.startswith("Q/")


@pytest.mark.parametrize(
    "number",
    [
        "",
        "Q/",
        "Q/A",
        "GB",
        "GB-2016",
        "GB/X 1-2016",
        "T/1-2016",
        "ISO 9001:2015",
        "企标 1-2016",
        "GB 1-2216",
    ],
)
def test_what_is_no_number_is_refused(number: str) -> None:
    with refused("standard.number_shape"):
        check_number(number)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ｑ／ＣＳＧＤ　００３－２０１８", "Q/CSGD 003-2018"),
        (" Q / CSGD  003 — 2018 ", "Q/CSGD 003-2018"),
        ("gb/t 19001–2016", "GB/T 19001-2016"),
        ("Q／（HZ）ABC 001-2020", "Q/(HZ)ABC 001-2020"),
    ],
)
def test_what_people_type_is_folded(typed: str, folded: str) -> None:
    assert fold_number(typed) == folded
    check_number(folded)


def test_spaces_do_not_tell_numbers_apart() -> None:
    assert number_key("GB/T 19001-2016") == number_key("GB/T19001-2016")
    assert number_key("Q/CSGD 003-2018") != number_key("Q/CSGD 003-2019")


@given(st.text(max_size=70))
def test_folding_twice_is_folding_once_and_nothing_else_is_raised(text: str) -> None:
    folded = fold_number(text)
    assert fold_number(folded) == folded
    try:
        check_number(text)
    except Refused:
        return
    assert folded == text
