"""Somebody at a desk over plain HTTP: signs in as a browser does, and sends its forms."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any, Self

import httpx

from ledger.cose.sign_in_answer import sign_sign_in
from tests.support.charter import ORIGIN, Speaker
from tests.support.projected import before_reading

__all__ = ["DeskVisitor"]

_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class DeskVisitor:
    """One browser: a cookie jar, the address that it is at. Close it when done."""

    def __init__(self, url: str) -> None:
        self.web_origin = url
        self.http = httpx.Client(base_url=url, timeout=30, event_hooks={"request": [before_reading(url)]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def challenge(self) -> dict[str, Any]:
        answer = self.http.get("/desk/challenge")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def answered(self, speaker: Speaker, **other: Any) -> bytes:
        """A fresh challenge, answered by somebody; `other` takes the place of what is right."""
        asked = self.challenge()
        right = {
            "party": speaker.party,
            "log": ORIGIN,
            "web_origin": self.web_origin,
            "expires_at": asked["expires_at"],
            "nonce": bytes.fromhex(asked["nonce"]),
            "signer": speaker.signer,
        }
        return sign_sign_in(**(right | other))

    def send(self, answer: bytes, **headers: str) -> httpx.Response:
        """The answer to a challenge, as a page of this site sends it."""
        said = {"Origin": self.web_origin, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/cose"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post("/desk/session", content=answer, headers=said)

    def sign_in(self, speaker: Speaker) -> Self:
        answer = self.send(self.answered(speaker))
        assert answer.status_code == 201, answer.text
        return self

    @property
    def signed_in(self) -> bool:
        return self.http.get("/desk").status_code == 200

    def form_token(self) -> str:
        """As the forms of the desk carry it."""
        page = self.http.get("/desk")
        assert page.status_code == 200, page.status_code
        found = _TOKEN.search(page.text)
        assert found is not None
        return found[1]

    def submit(
        self, path: str, token: str | None = None, *, fields: Mapping[str, str] | None = None, **headers: str
    ) -> httpx.Response:
        """A form of this session with some fields, as a page of this site sends it."""
        said = {"Origin": self.web_origin, "Sec-Fetch-Site": "same-origin"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, data={**(fields or {}), "form_token": token or self.form_token()}, headers=said)

    def wait_past(self, unix_second: int) -> None:
        """Until the wall clock is past it."""
        while time.time() <= unix_second:
            time.sleep(0.1)
