"""The log as static files (C2SP tlog-tiles), its keys (SCRAPI) and the trust file that a client compares."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.routes.entries_reading import IMMUTABLE
from api.service.log_files import KeptFile
from api.service.own_trust import certificate_keys, trust_file
from api.service.service import Service
from ledger.cose.cbor import decode, encode
from ledger.errors import NotFound
from ledger.keys.algorithms import PublicKey, decode_key

__all__ = ["router"]

router = APIRouter(tags=["log"])

OCTETS: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"


@router.get("/checkpoint", summary="The newest checkpoint, with the cosignatures so far (C2SP tlog-checkpoint)")
async def get_checkpoint(request: Request) -> Response:
    service: Service = request.app.state.service
    newest = await service.log_files.checkpoint(past_caches="no-cache" in request.headers.get("cache-control", ""))
    headers = {"Cache-Control": "public, max-age=5", "Ledger-Tree-Size": str(newest.tree_size)}
    return Response(newest.note, headers=headers, media_type=TEXT)


@router.get("/tile/{path:path}", summary="A tile of hashes or a bundle of entries (C2SP tlog-tiles)")
async def get_tile(path: str, request: Request) -> Response:
    return await _file(f"tile/{path}", request)


@router.get("/receipts/{path:path}", summary="The receipts of the checkpoints that begin in a bundle of entries")
async def get_receipts(path: str, request: Request) -> Response:
    return await _file(f"receipts/{path}", request)


async def _file(path: str, request: Request) -> Response:
    service: Service = request.app.state.service
    found = await service.log_files.file(path)
    if isinstance(found, KeptFile):
        return Response(found.content, headers={**IMMUTABLE, "ETag": found.tag.decode()}, media_type=OCTETS)
    return Response(found, headers=IMMUTABLE, media_type=OCTETS)


@router.get("/.well-known/scitt-keys", summary="The log's receipt keys: a COSE Key Set")
def get_keys(request: Request) -> Response:
    service: Service = request.app.state.service
    keys = []
    for public in _public_keys(service, "receipt_key"):
        key = decode(public.cose_key)
        assert isinstance(key, dict)  # a COSE_Key is one
        keys.append(key | {2: public.kid})
    return Response(encode(keys), media_type="application/cbor")


@router.get("/.well-known/scitt-keys/{kid}", summary="One of the log's keys, by thumbprint: a COSE Key")
def get_key(kid: str, request: Request) -> Response:
    service: Service = request.app.state.service
    for public in _public_keys(service, "receipt_key", "standing_key"):
        if public.kid.hex() == kid.lower():
            return Response(public.cose_key, headers=IMMUTABLE, media_type="application/cbor")
    for row in certificate_keys(service):
        if row.kid == kid.lower():
            return Response(row.load().cose_key, headers=IMMUTABLE, media_type="application/cbor")
    raise NotFound(f"this log has no key {kid[:64]}")


@router.get("/.well-known/credit-ledger-trust.json", summary="The service's own trust file, to be compared out of band")
def get_trust(request: Request) -> Response:
    service: Service = request.app.state.service
    return Response(
        trust_file(service).format(), headers={"Cache-Control": "public, max-age=60"}, media_type="application/json"
    )


def _public_keys(service: Service, *names: str) -> list[PublicKey]:
    """The log's keys for these purposes, those that were succeeded too: what they signed goes on verifying."""
    governance = service.governance
    said = [one for one in (governance.anchors, *governance.successions) if one is not None]
    return [decode_key(bytes.fromhex(getattr(one, name))) for one in said for name in names]
