"""Uploads that wait for the statement that names them: whose they are.

Signed, an upload counts towards the party's quota; unsigned, towards that of the client's address, in a room of its
own: nobody who did not sign keeps out a party.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.http.bodies import read_bounded
from api.service.service import Service
from api.service.signed_requests import authenticated, is_signed
from ledger.store.upload_owners import Owner

__all__ = ["uploaded"]


async def uploaded(service: Service, request: Request, bytes_max: int) -> tuple[Owner, bytes]:
    """Whose upload it is, and its content. Raises `AccessDenied` where a signature does not hold, `TooLarge`.

    Nothing is logged as an access: the upload gives nothing away, and what was signed is this very content.
    """
    if not is_signed(request):
        client = request.client
        owner = Owner("client", "" if client is None else _place(client.host))
        return owner, await read_bounded(request.receive, bytes_max)
    reader = await run_in_threadpool(authenticated, service, request, brings=True)
    content = await read_bounded(request.receive, bytes_max)
    reader.brought(content)
    return Owner("party", reader.party), content


def _place(host: str) -> str:
    """An address as one client has it: of IPv6 its /64, of which each client has one at least."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ip_network((address, 64), strict=False))
