"""The scene of `tests/following`, to be copied."""

from tests.following.conftest import scene

__all__ = ["scene"]
