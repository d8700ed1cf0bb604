"""Slowing down those who guess passwords, and nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from starlette.types import Scope

SECONDS = 0.5
"""Each attempt takes so long."""

MOST_WAITING = 10
"""So many attempts of one address may wait; more are refused."""

MOST_ADDRESSES = 100
"""Attempts of so many addresses may wait at once; those of more are refused."""


@dataclass(eq=False)
class _Queue:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class LoginDelay:
    """A pause before each log-in: one attempt after the other, for each address by itself.

    An address is forgotten with the last of its waiting attempts.
    """

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    async def admit(self, scope: Scope) -> bool:
        """Wait for an attempt's turn; false, at once, where too many wait already."""
        address = address_of(scope)
        queue = self._queues.get(address, _Queue())
        self._queues[address] = queue
        if queue.waiting >= MOST_WAITING or len(self._queues) > MOST_ADDRESSES:
            self._forget_idle(address)
            return False
        queue.waiting += 1
        try:
            async with queue.turn:
                await asyncio.sleep(SECONDS)
        finally:
            queue.waiting -= 1
            self._forget_idle(address)
        return True

    def _forget_idle(self, address: str) -> None:
        if not self._queues[address].waiting:
            del self._queues[address]


def address_of(scope: Scope) -> str:
    """Name the sender: an IPv4 address, or the 64 bits of an IPv6 network."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:  # such as a local socket's
        return host
    return host if address.version == 4 else str(ip_network((host, 64), strict=False))
