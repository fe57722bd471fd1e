"""`/desk/key` and `/desk/sign-in`: keys live in the reader's own browser (`static/desk/`); nothing here knows them.

Both are pages before the sign-in, and the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import SIGN_IN, PageTemplate, desk_answer
from api.pages.localized import add_page
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.service import Service

__all__ = ["KeyContent", "SignInContent", "router"]

KEY: Final = "/desk/key"
_ENDED: Final = {
    "out": Word("已退出。", "You are signed out."),
    "over": Word("登录已过期，请重新登录。", "Your session is over: sign in again."),
    "key": Word(
        "登录已终止：所用的密钥已停用或不在有效期内。", "Your session ended: its key was ended, or is not valid today."
    ),
    "role": Word(
        "登录已终止：登录时拥有的角色已被收回，请重新登录。",
        "Your session ended: a role that you signed in with was taken back. Sign in again.",
    ),
}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class KeyContent:
    """The page on which a browser makes and keeps keys. `origin` is the log in which a key is to be enrolled."""

    origin: str


@dataclass(frozen=True, slots=True)
class SignInContent:
    """The page on which one signs in. `ended` says why an earlier session is over, if there was one."""

    origin: str
    ended: Word | None


def get_key(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    return desk_answer(
        request,
        language,
        None,
        PageTemplate("desk/key.html", KEY, ("我的密钥", "My key"), ("desk/key_page.js",)),
        KeyContent(service.origin),
    )


def get_sign_in(request: Request, language: Language) -> Response:
    service: Service = request.app.state.service
    ended = _ENDED.get(request.query_params.get("ended", ""))
    return desk_answer(
        request,
        language,
        None,
        PageTemplate("desk/sign_in.html", SIGN_IN, ("登录工作台", "Sign in"), ("desk/sign_in_page.js",)),
        SignInContent(service.origin, ended),
    )


add_page(router, KEY, get_key)
add_page(router, SIGN_IN, get_sign_in)
