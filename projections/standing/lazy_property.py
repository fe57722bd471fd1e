"""A lazy property: made once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Once"]

_Value = TypeVar("_Value")


class Once(Generic[_Value]):
    """As `cached_property`, without its lock: for pure values, of which a rebuild makes some for every entry."""

    def __init__(self, method: Callable[[Any], _Value]) -> None:
        self._method = method

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> _Value:
        value = self._method(instance)
        instance.__dict__[self._name] = value  # found there from now on, without coming here
        return value
