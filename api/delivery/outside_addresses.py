"""Which network addresses the service posts to: those of the outside alone, and what the operator named.

Judged is the address that is connected to, not the name: whatever DNS answers is looked at at each connection, and
that very address is the one that is used (against rebinding). Of a name that has an address inside none is used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from ledger.errors import LedgerError, Misconfigured

__all__ = ["InsideAddress", "OutsideAddresses"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Of IPv6 what is given out for the outside (IANA), without what carries an IPv4 address in it (RFC 3056, RFC 4380).
_IPV6_OUTSIDE: Final = ipaddress.IPv6Network("2000::/3")
_IPV6_CARRIERS: Final = (ipaddress.IPv6Network("2002::/16"), ipaddress.IPv6Network("2001::/32"))
_IPV4_RELAYS: Final = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526


class InsideAddress(LedgerError):
    """An address that nothing is posted to: of this machine, of a private network, or of none."""


class OutsideAddresses:
    """`named`: networks inside to which the operator allows to post all the same. Raises `Misconfigured`."""

    def __init__(self, named: Sequence[str] = ()) -> None:
        try:
            self._named = tuple(ipaddress.ip_network(one) for one in named)
        except ValueError as error:
            raise Misconfigured(
                f"允许的内部网段须为 IP 地址或网段 / a network that is allowed is an address or a network: {error}"
            ) from None

    @property
    def names_any(self) -> bool:
        """Whether the operator named a network at all."""
        return bool(self._named)

    def is_inside(self, host: str) -> bool:
        """Whether `host` is an address that nothing is posted to; of a name nothing is known yet."""
        return _parsed(host) is not None and not self.is_named(host) and not _is_outside(host)

    def is_named(self, host: str) -> bool:
        """Whether the operator named a network that has this address; False for what is none."""
        address = _parsed(host)
        return address is not None and any(address in network for network in self._named)

    def require(self, addresses: Sequence[str], *, named_only: bool = False) -> None:
        """Raises `InsideAddress` unless each of these may be connected to; and where there is none.

        `named_only`: not even the outside, but what the operator named.
        """
        for one in addresses:
            if not (self.is_named(one) or (not named_only and _is_outside(one))):
                raise InsideAddress("the address is not one of the outside")
        if not addresses:
            raise InsideAddress("there is no address")


def _parsed(host: str) -> _Address | None:
    """The address that is meant; an IPv4 one that is written as IPv6 (RFC 4291 §2.5.5.2) is that."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped) or address


def _is_outside(host: str) -> bool:
    address = _parsed(host)
    if address is None or not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address not in _IPV4_RELAYS
    return address in _IPV6_OUTSIDE and not any(address in network for network in _IPV6_CARRIERS)
