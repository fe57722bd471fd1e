"""Looks for personal data in free text, before anything of it is registered or shown.

Certain hits (telephone and identity numbers, e-mail addresses, WeChat and QQ ids, bank cards) refuse the text.
Uncertain ones (persons' names, numbers that only might be somebody's, licence plates, flats) are for the person who
signs it: the command line shows them before signing, an import sets such rows aside until somebody approves them.

What is not found: names without a title, a label or a number beside them (more in `personal_names.py`), numbers in
words other than digit by digit, what is spelled to be overlooked, pictures. A screen is no substitute for reading.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from ledger.domain.values.personal_names import name_before, names_in
from ledger.domain.values.personal_numbers import numbers_in

__all__ = ["KIND_WORDS", "Hit", "Kind", "certain_in", "screen", "worth_a_look"]

Kind = Literal["telephone", "identity_number", "passport", "email", "account", "bank_card", "plate", "address", "name"]

KIND_WORDS: Final[dict[Kind, tuple[str, str]]] = {
    "telephone": ("电话号码", "telephone number"),
    "identity_number": ("身份证件号码", "identity number"),
    "passport": ("护照或通行证号码", "passport number"),
    "email": ("电子邮箱", "e-mail address"),
    "account": ("微信或 QQ 号", "WeChat or QQ id"),
    "bank_card": ("银行卡号", "bank card number"),
    "plate": ("车牌号", "licence plate"),
    "address": ("门牌住址", "home address"),
    "name": ("个人姓名", "person's name"),
}

_SAID: Final = ("〇零○", "一幺壹", "二两贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")  # 0 to 9
_NUMERALS: Final = "".join(_SAID)
_DIGIT_OF: Final = str.maketrans({numeral: str(digit) for digit, same in enumerate(_SAID) for numeral in same})
_SPELLED: Final = re.compile(f"[{_NUMERALS}](?:[ \\-]?[{_NUMERALS}]){{6,}}")
_UNSEEN: Final = frozenset({"Cf", "Me", "Mn"})  # marks that hide between digits, such as those of keycap emoji

# Only what holds one of these is looked at closely: most texts do not, and this is on the way of every statement.
# Ten digits are the shortest telephone number that shows without a word beside it.
# A pattern that begins with a set of characters goes from one of them to the next: a third of the time.
_DIGIT: Final = rf"[\d{_NUMERALS}①-⓿❶-➓]"
_TEN_NEAR: Final = re.compile(rf"{_DIGIT}(?:[^\w\n]{{0,3}}{_DIGIT}){{9}}")
_FIVE_NEAR: Final = re.compile(rf"{_DIGIT}(?:[^\w\n]{{0,3}}{_DIGIT}){{4}}")
_BESIDE_DIGITS: Final = (
    "电话", "手机", "座机", "致电", "拨打", "来电", "联系方式", "热线", "传真", "身份", "证件", "卡号", "账", "帐",
    "银行", "护照", "通行证", "回乡证", "台胞证", "tel", "phone", "mob", "cell", "call", "fax", "vx", "wx", "id",
    "card", "account", "passport",
)  # fmt: skip
_BY_THEMSELVES: Final = re.compile(
    r"@|＠|微信|薇信|v信|wechat|weixin|wei xin|vx|wx|qq|ｖｘ|ｗｘ|ｑｑ|扣扣|企鹅"
    r"|\(at|\( at|\[at|\[ at|\{at|<at|【at|（at|［at"
)

_EMAIL: Final = re.compile(
    r"[A-Za-z0-9._%+\-]{1,64} {0,2}(?:@|[(\[<{【]\s?at\s?[)\]>}】]) {0,2}"
    r"(?:[A-Za-z0-9\-]{1,63} ?(?:\.|[(\[]dot[)\]]) ?){1,4}[A-Za-z]{2,24}(?![A-Za-z])",
    re.IGNORECASE,
)
_WECHAT: Final = re.compile(
    r"(?:微信|薇信|V信|wei ?xin|wechat|(?<![a-z])(?:VX|WX))(?!公众|小程序|支付|扫)(?:号码?|账号|ID)?"
    r"(?:\s*[:是为]\s*|(?<=[号D])\s*| ?(?=\w*[\d_]))"
    r"([A-Za-z][A-Za-z0-9_\-]{5,19})(?![A-Za-z0-9_])",
    re.IGNORECASE,
)
_QQ: Final = re.compile(r"(?:QQ|扣扣|企鹅)(?!群)(?:号码?|账号)?\s*[:是为]?\s*([1-9]\d{4,11})(?!\d)", re.IGNORECASE)
_PASSPORT: Final = re.compile(
    r"(?:护照|通行证|回乡证|台胞证|passport)(?:号码?|编号)?\s*(?:No\.?|number)?\s*[:是为]?\s*([A-Za-z]{0,2}\d{6,10})(?![A-Za-z\d])",
    re.IGNORECASE,
)
_PASSPORT_BARE: Final = re.compile(r"(?<![A-Za-z0-9\-])(?:[EG]\d{8}|E[A-HJ-NP-Z]\d{7})(?![A-Za-z0-9\-])")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][· .]?(?=[A-HJ-NP-Z0-9]*\d)"
    r"[A-HJ-NP-Z0-9]{5,6}(?![A-Za-z0-9\-])"
)
_ADDRESS: Final = re.compile(
    r"\d{1,5}(?:号楼|号院|弄|栋|幢|座|#)[^,。;\n]{0,12}?\d{1,4}(?:室|房|户)|\d{1,3}单元[^,。;\n]{0,6}?\d{1,4}(?:室|房|户|号)?"
)


class Hit(NamedTuple):
    """What stands at `start:end` of the text, by its kind. `masked` is what may be said about it: its first character.

    `certain`: it can hardly be anything else, and the text is refused; otherwise a person decides.
    """

    kind: Kind
    start: int
    end: int
    certain: bool
    masked: str


def screen(text: str) -> tuple[Hit, ...]:
    """Everything in `text` that looks like personal data, by place, without overlaps."""
    folded, places = _fold(text)
    found = [*_marked(folded, worth_a_look(text)), *((0, "name", *span, False) for span in names_in(folded))]
    found += [
        (0, "name", *span, False)
        for _, kind, start, _, certain in list(found)
        if kind == "telephone" and certain and (span := name_before(folded, start)) is not None
    ]
    return _hits(text, places, found)


def certain_in(text: str) -> Hit | None:
    """The first certain hit, None if there is none. A few microseconds for a text without suspicious digits."""
    if not worth_a_look(text):
        return None
    folded, places = _fold(text)
    return next((hit for hit in _hits(text, places, list(_marked(folded, True))) if hit.certain), None)


_Found = tuple[int, Kind, int, int, bool]  # rank among overlapping ones, kind, start, end, certain


def worth_a_look(text: str) -> bool:
    """Whether a certain hit is possible at all; of several texts, each on a line of its own, in any of them."""
    plain = text.lower()
    if _BY_THEMSELVES.search(plain) is not None:
        return True
    if _FIVE_NEAR.search(text) is None:
        return False
    return _TEN_NEAR.search(text) is not None or any(word in plain for word in _BESIDE_DIGITS)


def _marked(folded: str, numbers: bool) -> Iterator[_Found]:
    """Everything but names."""
    if numbers:
        for match in _EMAIL.finditer(folded):
            yield 3, "email", *match.span(), True
        for pattern in (_WECHAT, _QQ):
            for match in pattern.finditer(folded):
                yield 2, "account", *match.span(1), True
        for match in _PASSPORT.finditer(folded):
            yield 2, "passport", *match.span(1), True
        for match in _PASSPORT_BARE.finditer(folded):
            yield 1, "passport", *match.span(), False
        for found in numbers_in(folded):
            yield 1, found.kind, found.start, found.end, found.certain
    for match in _PLATE.finditer(folded):
        yield 1, "plate", *match.span(), False
    for match in _ADDRESS.finditer(folded):
        yield 1, "address", *match.span(), False


def _hits(text: str, places: Sequence[int], found: Sequence[_Found]) -> tuple[Hit, ...]:
    kept: list[_Found] = []
    for one in sorted(found, key=lambda one: (-one[4], -one[0], one[2] - one[3], one[2])):
        if all(one[3] <= other[2] or other[3] <= one[2] for other in kept):
            kept.append(one)
    hits = []
    for _, kind, start, end, certain in sorted(kept, key=lambda one: one[2]):
        first, last = places[start], places[end - 1] + 1
        while last < len(text) and unicodedata.category(text[last]) in _UNSEEN:
            last += 1
        hits.append(Hit(kind, first, last, certain, text[first] + "*" * (last - first - 1)))
    return tuple(hits)


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """Half width, ASCII digits, without invisible marks; and for each character its place in `text`.

    Numerals (一三九…) become digits where seven or more stand together, as in a number that is read out.
    """
    if text.isascii():
        return text, range(len(text))
    chars: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if char.isascii() or "\u4e00" <= char <= "\u9fff":
            chars.append(char)
            places.append(place)
            continue
        if unicodedata.category(char) in _UNSEEN:
            continue
        for part in unicodedata.normalize("NFKC", char):
            value = unicodedata.decimal(part, None)
            chars.append(part if value is None else str(value))
            places.append(place)
    folded = _SPELLED.sub(lambda match: match[0].translate(_DIGIT_OF), "".join(chars))
    return folded, places
