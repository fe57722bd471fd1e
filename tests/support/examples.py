"""How many examples a property of the dearest kind is tried on: a share in the gate, all where examples are looked for.

`--hypothesis-profile=search` is the run in which new examples are looked for; the gate repeats the same ones each time
(`tests/conftest.py`), so that more of them say little that fewer do not.
"""

from __future__ import annotations

from hypothesis import settings

__all__ = ["examples"]

_SHARE_OF_GATE = 4


def examples(whole: int) -> int:
    """`whole` in a search, a quarter of it in the gate."""
    return whole if settings.get_current_profile_name() == "search" else whole // _SHARE_OF_GATE
