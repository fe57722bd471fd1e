"""One door for codes: who checks out, and that a resident's number is nobody's code and is never repeated."""

from __future__ import annotations

import itertools
import unicodedata
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from ledger.domain.events.enterprise import EnterpriseRegistered
from ledger.domain.events.free_text import refuse_residents
from ledger.domain.payload import encode_payload
from ledger.domain.values.enterprise_code import (
    checks_out,
    fold_code,
    has_uscc_form,
    is_resident_number,
    masked,
    may_hold_resident_number,
    refuse_resident_number,
)
from ledger.domain.values.personal_data import certain_in
from ledger.errors import Refused
from tests.support.book import Book
from tests.support.refusals import refused
from tests.support.statements import pledge_made, registered

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
RESIDENT = "11010519491231002X"  # GB 11643's own example
DIVISIONS = st.sampled_from(["110105", "330106", "440305", "650102", "810000"])
DAYS = st.dates(date(1930, 1, 1), date(2012, 12, 31))


def resident(division: str, born: date, serial: int) -> str:
    number = f"{division}{born:%Y%m%d}{serial:03}"
    return number + str(mod_11_2.calc_check_digit(number))


def both_hold() -> str:
    """A resident's number that is, by its characters, a USCC with the right check character, too."""
    day = date(1985, 5, 1)
    numbers = (resident("330106", day + timedelta(days=step), serial) for step in range(40) for serial in range(100))
    return next(number for number in numbers if uscc.is_valid(number))


@given(
    first=st.sampled_from("0123456789ANY"),
    kind=st.sampled_from("1239"),
    division=DIVISIONS,
    organisation=st.text(ALPHABET, min_size=9, max_size=9),
)
def test_codes_of_every_authority_check_out_by_the_standards_own_arithmetic(
    first: str, kind: str, division: str, organisation: str
) -> None:
    head = first + kind + division + organisation
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(head))
    code = head + ALPHABET[-total % 31]
    if not is_resident_number(code):
        assert checks_out(code)
        wrong = ALPHABET[(ALPHABET.index(code[-1]) + 1) % 31]
        assert not checks_out(head + wrong)


@pytest.mark.parametrize("code", ["N2330106MA91NMJ3GR", "Y1330106MACGR5B1RK"])
def test_a_letter_in_the_first_place_is_the_standards_and_not_the_librarys(code: str) -> None:
    assert checks_out(code)
    assert not uscc.is_valid(code)  # once the library takes it, its answer can be asked alone


@pytest.mark.parametrize(
    "code", ["B1330106MACGR5B1RK", "9I330106MACGR5B1RK", "91330106MACGR5B1R", "9133010MACGR5B1RKK"]
)
def test_what_is_not_written_as_a_code_has_no_form(code: str) -> None:
    assert not has_uscc_form(code)


@given(division=DIVISIONS, born=DAYS, serial=st.integers(0, 999))
def test_no_residents_number_is_a_code_and_none_is_repeated(division: str, born: date, serial: int) -> None:
    number = resident(division, born, serial)
    assert is_resident_number(number)
    assert not checks_out(number)
    for written in (number, number.lower(), f"{number[:6]} {number[6:14]} {number[14:]}", _wide(number)):
        assert is_resident_number(written)
        shown = masked(f"代码{written}。")
        assert number[6:14] not in fold_code(shown)
        with refused("identity.resident_number"):
            refuse_resident_number(f'{{"code":"{written}"}}')


DIGITS = sorted(chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Nd")
BETWEEN = ("", *" -\t\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00a0\u3000")


def test_a_quick_look_misses_no_number_in_any_script_however_it_is_grouped() -> None:
    number = resident("110105", date(1949, 12, 31), 2)
    scripts = {unicodedata.digit(one): [] for one in "0123456789"}  # type: dict[int, list[str]]
    for digit in DIGITS:
        scripts[unicodedata.digit(digit)].append(digit)
    assert number[-1] == "X"
    for script in zip(*(scripts[value] for value in range(10)), strict=True):
        for between, last in itertools.product(BETWEEN, "XxＸｘ" + script[1]):
            written = between.join(script[int(one)] for one in number[:-1]) + between + last
            assert may_hold_resident_number(f'{{"no":"第{written}号"}}'.encode()), written


def test_a_quick_look_passes_over_codes_dates_and_digests() -> None:
    assert not may_hold_resident_number(
        '{"code":"51100000500000005N","on":"2026-11-29","sha256":"ab12cd34","text":"自2026年3月15日起，三日内答复"}'.encode()
    )


def test_a_number_where_both_checks_hold_is_a_residents() -> None:
    number = both_hold()
    assert is_resident_number(number)
    assert not checks_out(number)
    hit = certain_in(f"代码 {number}")
    assert hit is not None and hit.kind == "identity_number"


def test_a_mistyped_one_is_no_code_either() -> None:
    wrong = next(RESIDENT[:-1] + digit for digit in "0123456789" if not mod_11_2.is_valid(RESIDENT[:-1] + digit))
    assert is_resident_number(wrong)
    assert masked(wrong) == "1" + "*" * 17


def test_an_old_number_is_masked_and_a_day_that_never_was_makes_none() -> None:
    assert masked("编号 110105491231002 号") == "编号 1************** 号"
    assert not is_resident_number("110105194913310027")
    assert masked("51100000500000315Q") == "51100000500000315Q"


def test_numbers_of_documents_are_let_alone_unless_they_are_beyond_doubt() -> None:
    dated = next(one for serial in range(99) if not mod_11_2.is_valid(one := f"33010620260310{serial:04}"))
    refuse_resident_number(dated)
    refuse_resident_number("33010620260310000123")  # a pledge's code
    refuse_resident_number("a" * 24 + RESIDENT[:17] + "a" * 23)  # within a digest


@pytest.mark.parametrize("subject", [f"uscc:{RESIDENT}", f"local:shop/{RESIDENT}", f"party:uscc:{RESIDENT}"])
def test_no_stream_bears_one(subject: str) -> None:
    with refused("identity.resident_number"):
        refuse_residents(subject, b"{}")


def test_no_entry_holds_one_in_a_field_that_is_no_free_text() -> None:
    with refused("identity.resident_number"):
        refuse_residents("local:x/y", encode_payload(pledge_made(accepting_code=RESIDENT)))


def test_it_is_refused_at_registration_and_not_repeated() -> None:
    book = Book()
    number = both_hold()
    for subject, code in ((f"uscc:{number}", None), ("local:shop/1", number)):
        event = registered(category="individual_business" if code else "organization", code=code)
        assert isinstance(event, EnterpriseRegistered)
        with pytest.raises(Refused) as caught:
            book.say(event, subject=subject, sealed=code is not None)
        assert caught.value.rule == "identity.resident_number"
        assert number not in f"{caught.value} {caught.value.zh} {caught.value.detail}"


def _wide(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) for char in text)
