"""The client library: submit statements to a service, fetch what proves them."""

from api.client.client import Client, RegisteredEntry, StandingDocument, Waiting

__all__ = ["Client", "RegisteredEntry", "StandingDocument", "Waiting"]
