"""Numbers that belong to persons, told from the many that do not: telephone, identity and card numbers.

What stands in pledges and outcomes is full of digits: unified social credit codes (18), pledge codes (20), barcodes
(8, 12 to 14), standards (GB/T 19001-2016), report and licence numbers, dates. A number is certain by its whole form
(grouping, area code, birthday, check digit) or by the word before it (电话, 身份证, 卡号); what only might be one
is said to be uncertain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from ledger.domain.values.enterprise_code import has_uscc_check

__all__ = ["PersonalNumber", "numbers_in"]

_SEPARATOR: Final = r"[ \t\-‐‑‒–—−_.·・()\[\]/]"
_RUN: Final = re.compile(rf"\d+(?:{_SEPARATOR}{{1,3}}\d+)*")
_GROUP: Final = re.compile(r"\d+")
_GROUPS_MAX: Final = 64  # of one run: what is longer is a table, looked at in pieces
_WINDOW_GROUPS_MAX: Final = 11

_PHONE_WORD: Final = re.compile(
    r"(?:电话|手机|座机|致电|拨打|来电|联系方式|热线|传真|微信同号|tel|phone|mobile|mob|cell|call|fax|vx|wx)[^\d]{0,8}\Z",
    re.I,
)
_IDENTITY_WORD: Final = re.compile(r"(?:身份证|身份号|证件|identity|\bID\b)[^\d]{0,10}\Z", re.I)
_CARD_WORD: Final = re.compile(r"(?:卡号|账号|帐号|账户|银行|储蓄卡|信用卡|\bcard\b|account)[^\d]{0,10}\Z", re.I)
_CODE_WORD: Final = re.compile(
    r"(?:编号|单号|批号|货号|条码|条形码|代码|编码|证号|许可证|备案|报告|文号|票号|订单|型号|案号|批次|\bno\.?|№|#|serial|report|batch|order)"
    r"[^\d]{0,5}\Z",
    re.I,
)
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_MOBILE_SHAPES: Final = frozenset({
    (11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 4, 3), (4, 3, 4), (5, 6), (6, 5), (5, 3, 3), (3, 2, 3, 3),
    (3, 2, 2, 2, 2), (2, 2, 2, 2, 2, 1), (1, 2, 2, 2, 2, 2), (1,) * 11,
})  # fmt: skip
_AREA: Final = "(?:10|2[0-57-9]|[3-9]\\d{2})"  # without the 0 that is dialled at home
_LANDLINE: Final = re.compile(rf"0?{_AREA}[2-8]\d{{6,7}}")
_LANDLINE_REST: Final = frozenset({(7,), (8,), (4, 4), (3, 4), (4, 3), (2, 2, 2, 2), (1,) * 7, (1,) * 8})
_DATE: Final = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TOLL_FREE: Final = frozenset({"400", "800", "833", "844", "855", "866", "877", "888"})

_DIVISION: Final = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\\d{4}"
_BIRTHDAY: Final = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])"
_IDENTITY_18: Final = re.compile(rf"{_DIVISION}(?:19|20)\d{{2}}{_BIRTHDAY}\d{{3}}[\dXx]")
_IDENTITY_15: Final = re.compile(rf"{_DIVISION}\d{{2}}{_BIRTHDAY}\d{{3}}")
_IDENTITY_SHAPES: Final = frozenset({(18,), (6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (4, 4, 4, 4, 2), (3, 3, 4, 4, 4)})
_BORN_MAX: Final = "2015"  # a later "birthday" is the date in a number that begins with a place

_CARD: Final = re.compile(r"(?:62|60|4|5[1-5]|2[2-7]|3[4-7])\d{13,17}")
_CARD_SHAPES: Final = frozenset({(4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (6, 13), (4, 6, 5)})

Kind = Literal["telephone", "identity_number", "bank_card"]


class PersonalNumber(NamedTuple):
    """A number at `start:end` of the text."""

    kind: Kind
    start: int
    end: int
    certain: bool


class _Group(NamedTuple):
    start: int
    end: int
    digits: str


def numbers_in(text: str) -> Iterator[PersonalNumber]:
    """Persons' numbers in `text`, whose digits are ASCII; of each run of digits the first that fits at each place."""
    for run in _RUN.finditer(text):
        groups = [_Group(*group.span(), group[0]) for group in _GROUP.finditer(text, run.start(), run.end())]
        for start in range(0, len(groups), _GROUPS_MAX):
            yield from _in_run(text, groups[start : start + _GROUPS_MAX + _WINDOW_GROUPS_MAX])


def _in_run(text: str, groups: Sequence[_Group]) -> Iterator[PersonalNumber]:
    at = 0
    while at < len(groups):
        for size in range(min(_WINDOW_GROUPS_MAX + 1, len(groups) - at), 0, -1):
            window = groups[at : at + size]
            found = _of_window(text, window, groups[at - 1] if at else None)
            if found is not None:
                yield found
                at += size
                break
        else:
            at += 1


def _of_window(text: str, window: Sequence[_Group], before: _Group | None) -> PersonalNumber | None:
    start, end = window[0].start, window[-1].end
    digits = "".join(group.digits for group in window)
    if not 7 <= len(digits) <= 19:
        return None
    after = text[end : end + 1]
    closed = "X" if after in ("X", "x") and len(digits) == 17 else ""
    if closed:
        end += 1
        after = text[end : end + 1]
    if after.isascii() and after.isalnum():
        return None
    said = text[max(0, start - 16) : start]
    shape = tuple(len(group.digits) for group in window)
    lettered = said[-1:].isascii() and said[-1:].isalpha()
    joined = before is not None and not text[before.end : start].isspace()
    if (lettered or (joined and before is not None and before.digits not in ("86", "0086"))) and not (
        _PHONE_WORD.search(said) or _IDENTITY_WORD.search(said) or _CARD_WORD.search(said)
    ):
        return None
    for look in (_identity, _telephone, _card):
        certain = look(digits + closed, shape, said)
        if certain is not None:
            kinds: dict[object, Kind] = {_identity: "identity_number", _telephone: "telephone", _card: "bank_card"}
            return PersonalNumber(kinds[look], start, end, certain)
    return None


def _identity(digits: str, shape: tuple[int, ...], said: str) -> bool | None:
    """GB 11643: division, birthday, serial, check digit (18); the form until 1999 without century and check (15)."""
    told = _IDENTITY_WORD.search(said) is not None
    if len(digits) == 15 and len(shape) <= 3 and _IDENTITY_15.fullmatch(digits):
        return told
    if len(digits) != 18 or not _IDENTITY_18.fullmatch(digits):
        return None
    sound = mod_11_2.is_valid(digits) and digits[6:10] <= _BORN_MAX
    if len(shape) > 1:  # X hangs on the last group
        whole = (*shape[:-1], shape[-1] + (digits[17] in "Xx"))
        return True if sound and whole in _IDENTITY_SHAPES else None
    if not sound and has_uscc_check(digits):
        return True if told else None
    return told or sound


def _telephone(digits: str, shape: tuple[int, ...], said: str) -> bool | None:
    if digits[:3] in _TOLL_FREE and len(digits) == 10:
        return None
    told = _PHONE_WORD.search(said) is not None
    numbered = _CODE_WORD.search(said) is not None and not told
    prefix, home, shape = _without_country(digits, shape)
    abroad = said.endswith("+") or prefix == "0086"
    if _MOBILE.fullmatch(home) and shape in _MOBILE_SHAPES:
        return not numbered
    landline = _landline(home, shape, told or abroad or (len(shape) > 1 and bool(prefix)))
    if landline is not None:
        return landline and not numbered
    if abroad and not prefix and 9 <= len(digits) <= 15:
        return True
    if shape == (3, 3, 4) and digits[0] in "23456789":
        return told or said.endswith("(")
    if told and shape in _LANDLINE_REST and len(digits) in (7, 8) and digits[0] in "2345678":
        return True
    return None


def _without_country(digits: str, shape: tuple[int, ...]) -> tuple[str, str, tuple[int, ...]]:
    """China's code in front, "" if there is none; what comes after it, and the groups of that."""
    for prefix in ("0086", "86"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 9:
            first = shape[0] - len(prefix)
            return prefix, digits[len(prefix) :], (first, *shape[1:]) if first > 0 else shape[1:]
    return "", digits, shape


def _landline(digits: str, shape: tuple[int, ...], told: bool) -> bool | None:
    """Area code and number, with the 0 in front or after the country's code; whether it can be nothing else."""
    if not _LANDLINE.fullmatch(digits) or not (digits[0] == "0" or told):
        return None
    if len(shape) == 1:
        return told if digits[0] == "0" else None
    area, rest = digits[: shape[0]], digits[shape[0] :]
    if not re.fullmatch(f"0?{_AREA}", area) or shape[1:] not in _LANDLINE_REST:
        return None
    return told or not _DATE.fullmatch(rest)


def _card(digits: str, shape: tuple[int, ...], said: str) -> bool | None:
    """A bank card's number: the issuer's range and Luhn's check digit (ISO/IEC 7812)."""
    if not _CARD.fullmatch(digits) or not luhn.is_valid(digits):
        return None
    if shape in _CARD_SHAPES or _CARD_WORD.search(said):
        return True
    return False if len(shape) == 1 and not _CODE_WORD.search(said) else None
