"""Who asks: the party that a bound is counted for, by its address."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ledger.errors import Misconfigured

__all__ = ["LOOPBACK", "TrustedProxies", "client_key"]

LOOPBACK: Final = ("127.0.0.1", "::1")
_IPV6_PREFIX: Final = 64  # what one subscriber is given at least (RFC 6177 §2, RIPE-690): addresses in it cost nothing


@lru_cache(maxsize=65_536)
def client_key(host: str) -> str:
    """The client that the address `host` belongs to: itself, or its /64 for IPv6. What is no address is itself."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


class TrustedProxies:
    """The proxies whose word on their clients is taken, by address or network. Raises `Misconfigured`."""

    def __init__(self, named: Sequence[str]) -> None:
        self.named = tuple(named)
        try:
            self._networks = [ipaddress.ip_network(one) for one in named]
        except ValueError as error:
            wrong = f"受信代理须为 IP 地址或网段 / a trusted proxy is an address or a network: {error}"
            raise Misconfigured(wrong) from None

    def __contains__(self, host: object) -> bool:
        try:
            address = ipaddress.ip_address(str(host).partition("%")[0])
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any((mapped or address) in network for network in self._networks)
