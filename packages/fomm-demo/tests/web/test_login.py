from __future__ import annotations

import asyncio
import time

import pytest

from fomm_demo.web import login
from fomm_demo.web.login import MOST_WAITING, SECONDS, LoginDelay, address_of


def scope(host):
    return {"type": "http", "client": (host, 1)}


def test_an_honest_visitor_does_not_wait_behind_another_address():
    async def enter():
        delay = LoginDelay()
        guesses = [asyncio.create_task(delay.admit(scope("192.0.2.1"))) for _ in range(20)]
        await asyncio.sleep(0)
        began = time.monotonic()
        admitted = await delay.admit(scope("192.0.2.2"))
        waited = time.monotonic() - began
        for guess in guesses:
            guess.cancel()
        await asyncio.gather(*guesses, return_exceptions=True)
        return admitted, waited

    admitted, waited = asyncio.run(enter())
    assert admitted
    assert waited < 2 * SECONDS


def test_attempts_of_one_address_take_turns_and_too_many_are_refused(monkeypatch):
    monkeypatch.setattr(login, "SECONDS", 0.01)

    async def guess():
        delay = LoginDelay()
        began = time.monotonic()
        count = MOST_WAITING + 5
        admitted = await asyncio.gather(*(delay.admit(scope("192.0.2.1")) for _ in range(count)))
        again = await delay.admit(scope("192.0.2.1"))
        return admitted, again, time.monotonic() - began

    admitted, again, waited = asyncio.run(guess())
    assert admitted == [True] * MOST_WAITING + [False] * 5
    assert again
    assert waited >= 0.01 * (MOST_WAITING + 1)


def test_addresses_are_bounded_and_forgotten(monkeypatch):
    monkeypatch.setattr(login, "SECONDS", 0.01)
    monkeypatch.setattr(login, "MOST_ADDRESSES", 3)

    async def guess():
        delay = LoginDelay()
        hosts = [f"192.0.2.{number}" for number in range(5)]
        admitted = await asyncio.gather(*(delay.admit(scope(host)) for host in hosts))
        return admitted, dict(delay._queues), await delay.admit(scope(hosts[4]))

    assert asyncio.run(guess()) == ([True] * 3 + [False] * 2, {}, True)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("/run/demo.sock", "/run/demo.sock"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(host, address):
    assert address_of(scope(host)) == address


def test_a_connection_without_an_address_has_one():
    assert address_of({"type": "http", "client": None}) == ""
