"""Fields of a form, read one by one: what is wrong stands at its field, in both languages; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import date
from typing import Final

from api.pages.words import Word
from ledger.domain.values.forbidden_characters import FORBIDDEN
from ledger.domain.values.personal_data import KIND_WORDS, certain_in

__all__ = ["FieldProblems", "FormFields"]

_LINE_MAX: Final = 200
_TEXT_MAX: Final = 4_000


class FieldProblems(Exception):
    """What is wrong, by the name of the field."""

    def __init__(self, problems: Mapping[str, Word]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


class FormFields:
    """Every reader gives a value of the right kind, whatever was typed; `done` raises what was wrong on the way."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.problems: dict[str, Word] = {}

    def wrong(self, name: str, zh: str, en: str) -> None:
        self.problems.setdefault(name, Word(zh, en))

    def line(self, name: str, *, needed: bool = True, screened: bool = False, chars_max: int = _LINE_MAX) -> str:
        """One line. `screened`: it may hold nobody's number or address."""
        return self._string(name, needed, screened, chars_max, long=False)

    def text(self, name: str, *, needed: bool = True, screened: bool = False) -> str:
        """Several lines."""
        return self._string(name, needed, screened, _TEXT_MAX, long=True)

    def choice(self, name: str, allowed: Container[str]) -> str:
        value = self._given.get(name, "")
        if value not in allowed:
            self.wrong(name, "请选择一项", "choose one of these")
        return value

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self._given.get(name, "").strip())
        except ValueError:
            self.wrong(name, "请填日期，如 2026-03-16", "a date such as 2026-03-16")
            return date.min

    def ticked(self, name: str) -> bool:
        return self._given.get(name) == "yes"

    def done(self) -> None:
        """Raises `FieldProblems`."""
        if self.problems:
            raise FieldProblems(self.problems)

    def _string(self, name: str, needed: bool, screened: bool, chars_max: int, *, long: bool) -> str:
        value = self._given.get(name, "").replace("\r\n", "\n").strip()
        if not value:
            if needed:
                self.wrong(name, "请填写", "to be filled in")
            return value
        if len(value) > chars_max:
            self.wrong(
                name, f"最多 {chars_max} 字，现有 {len(value)} 字", f"{chars_max} characters at most, not {len(value)}"
            )
        if FORBIDDEN.search(value.replace("\n", "") if long else value):
            self.wrong(name, "含有不可见的控制字符，请删除", "it holds a character that does not show; leave it out")
        hit = certain_in(value) if screened else None
        if hit is not None:
            zh, en = KIND_WORDS[hit.kind]
            self.wrong(
                name,
                f"请不要在这里写{zh}（{hit.masked}）；自己的联系方式填在联系方式栏，他人的不需要",
                f"no {en} here ({hit.masked}): your own belongs to the contact fields, others' are not needed",
            )
        return value
