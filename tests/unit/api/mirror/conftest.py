"""The scene of `tests/following`, to be copied."""

from tests.unit.api.monitor.conftest import scene

__all__ = ["scene"]
