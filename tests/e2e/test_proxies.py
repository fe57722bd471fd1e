"""Whose word on a client's address is taken is named in settings: nobody else chooses whose allowance he uses."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.book import chartered
from tests.support.database import PostgresServer
from tests.support.raw_http import raw


@pytest.mark.parametrize("named", ["127.0.3.0/24", "192.0.2.1"])
def test_clients_behind_a_named_proxy_have_allowances_of_their_own(
    postgres_server: PostgresServer, tmp_path: Path, named: str
) -> None:
    limits = ("--requests-per-second", "1", "--requests-burst", "3")
    with postgres_server.database() as database:
        service = chartered(tmp_path, *limits, database=database.service, proxies=named)
        with service:
            url = httpx.URL(service.url)

            def asked(forwarded: str) -> int:
                with raw(url, source="127.0.3.7") as proxy:
                    proxy.send(f"GET /entries/x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {forwarded}\r\n\r\n".encode())
                    return proxy.reply().status

            crowd = [asked(f"198.51.100.{number}") for number in range(12)]
            if named == "192.0.2.1":
                assert 429 in crowd, "not named: all are the proxy's"
            else:
                assert set(crowd) == {422}
                assert 429 in [asked(f"2001:db8::{number:x}") for number in range(12)], "one /64 is one client"
