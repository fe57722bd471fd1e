"""The client library: submit statements to a service, fetch what proves them.

What it exports is loaded when it is first asked for: `verify` uses `api.client.recompute` and needs no HTTP.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.client.client import Client, RegisteredEntry, StandingDocument, Waiting

__all__ = ["Client", "RegisteredEntry", "StandingDocument", "Waiting"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from api.client import client  # noqa: PLC0415

    return getattr(client, name)
