"""The scene of followers: a log that is served, and somebody who speaks in it."""

from tests.unit.api.monitor.conftest import scene

__all__ = ["scene"]
