"""`/desk/demo`: in a demonstration on this machine, one click signs in as each of its parties.

A demonstration's keys lie in files beside its data and are worth nothing: the page puts one into the browser. Outside
of a demonstration, and for whoever is not on this machine, neither page nor key is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, desk_answer
from api.http.clients import LOOPBACK
from api.http.errors import InvalidRequest
from api.http.same_origin import WebOrigins
from api.pages.localized import add_page
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.values.subject import own_party
from ledger.errors import Malformed, NotFound
from ledger.keys.signer import Signer, load_key

__all__ = ["DemoContent", "router"]

PATH: Final = "/desk/demo"
#: By the name of the key's file: who one is then, what there is to see, and where one begins.
_STAFF: Final[dict[str, tuple[Word, Word, str]]] = {
    "organizer": (
        Word("组织方经办人甲", "Organizer's first officer"),
        Word("活动、名册、等候公布的承诺", "campaigns, rosters, pledges that wait"),
        "/desk",
    ),
    "organizer-2": (
        Word("组织方经办人乙", "Organizer's second officer"),
        Word("复核、公布、更正", "releases, corrections"),
        "/desk",
    ),
    "handling-body": (
        Word("投诉承办单位", "Handling body"),
        Word("投诉案卷与办理结果", "complaint files and outcomes"),
        "/desk",
    ),
    "registrar": (
        Word("登记员", "Registrar"),
        Word("登记、恢复、停用密钥", "enrols, recovers and ends keys"),
        "/desk/registrar",
    ),
    "approver": (Word("规则批准方", "Approver"), Word("批准规则", "approves policies"), "/desk"),
    "regulator": (
        Word("监管部门", "Regulator"),
        Word("查看全部事件，登记检查结果", "sees all events, records findings"),
        "/desk",
    ),
    "data-officer": (Word("数据保护负责人", "Data officer"), Word("删除与留存", "erasure and holds"), "/desk"),
    "laboratory": (Word("检验检测机构", "Laboratory"), Word("检验检测报告", "inspection reports"), "/desk"),
}
_ENTERPRISE: Final = re.compile("[0-9A-HJ-NPQRTUWXY]{18}")
_ENTERPRISES_MAX: Final = 6
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_FORWARDED: Final = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"})

router = APIRouter()


class DemoRole(NamedTuple):
    """Whose key lies in the file `name`, what that one sees, and the desk to begin at."""

    name: str
    who: Word
    what: Word
    desk: str


@dataclass(frozen=True, slots=True)
class DemoContent:
    """The page of a demonstration's roles. `log` is the log that the keys are for."""

    log: str
    staff: Sequence[DemoRole]
    enterprises: Sequence[DemoRole]


def get_demo(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    _require_demo(service, request)
    staff = [
        DemoRole(name, who, what, desk)
        for name, (who, what, desk) in _STAFF.items()
        if (service.keys_dir / f"{name}.pem").exists()
    ]
    enterprises = [
        DemoRole(code, Word(name, name), Word("承诺、答复、留存", "pledges, replies, files"), "/desk/enterprise")
        for code, name in _enterprises(service)
    ]
    return desk_answer(
        request,
        language,
        None,
        PageTemplate("desk/demo.html", PATH, ("演示登录", "Sign in to the demonstration"), ("desk/demo_page.js",)),
        DemoContent(service.origin, staff, enterprises),
    )


def post_key(name: str, request: Request) -> Response:
    """A party's private key (PKCS#8, hexadecimal), for the browser of whoever is at this machine."""
    service: Service = request.app.state.service
    _require_demo(service, request)
    WebOrigins(service.public_url).require(request)
    if name not in _STAFF and not _ENTERPRISE.fullmatch(name):
        raise NotFound("no such key in this demonstration")
    signer = _loaded(service.keys_dir / f"{name}.pem")
    private = None if signer is None else signer.private
    if not isinstance(private, EllipticCurvePrivateKey):
        raise InvalidRequest(
            "demo.no_browser_key",
            "该演示没有可用于浏览器的密钥（较早版本生成）：请用新的数据文件夹重新开始",
            "this demonstration has no key for browsers (an earlier version made it): begin with a fresh data folder",
        )
    pkcs8 = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    party = own_party(f"uscc:{name}") if name not in _STAFF else f"party:{name.removesuffix('-2')}"
    said = {"party": party, "pkcs8": pkcs8.hex()}
    return Response(msgspec.json.encode(said), 200, {"Cache-Control": "no-store"}, "application/json")


def _require_demo(service: Service, request: Request) -> None:
    """Raises `NotFound` where nothing of this is there. A proxy on this machine asks for others: it is not "here"."""
    here = request.client is not None and request.client.host in LOOPBACK and request.url.hostname in _THIS_MACHINE
    if not (service.demo and here) or not _FORWARDED.isdisjoint(request.headers):
        raise NotFound("this is no demonstration")


def _enterprises(service: Service) -> Iterator[tuple[str, str]]:
    """Some that sign for themselves: code and name."""
    files = sorted(one for one in service.keys_dir.glob("*.pem") if _ENTERPRISE.fullmatch(one.stem))
    parties = service.governance.parties
    found = [(one.stem, parties.get(own_party(f"uscc:{one.stem}"))) for one in files]
    yield from [(code, party.name_zh) for code, party in found if party is not None and party.keys][:_ENTERPRISES_MAX]


def _loaded(path: Path) -> Signer | None:
    try:
        return load_key(path)
    except (OSError, Malformed):
        return None


add_page(router, PATH, get_demo)
router.add_api_route(
    f"{PATH}/keys/{{name}}", post_key, methods=["POST"], include_in_schema=False, response_class=Response
)
