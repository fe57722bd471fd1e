"""Expect a refusal, by its rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ledger.errors import Refused

__all__ = ["refused"]


@contextmanager
def refused(rule: str) -> Iterator[None]:
    """The block is refused by `rule`, in words of both languages."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.rule == rule, caught.value
    assert caught.value.zh
    assert caught.value.en
