"""Settings of the server, as the person who starts it decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fomm_core.errors import ConfigError

FASTEST_RATE = 60
"""Frames per second that the limit of seconds is counted at; faster videos get less time."""


@dataclass(frozen=True)
class Limits:
    """Limits of what visitors may ask for.

    Attributes:
        upload_mb: size of one upload in megabytes.
        seconds: length of the part of a video that is animated.
        pixels: width times height of a picture or of a video's frames.
        keep_minutes: how long uploads and results are kept.
        disk_mb: uploads are refused while all files together take more.
    """

    upload_mb: int = 64
    seconds: float = 60.0
    pixels: int = 4096 * 4096
    keep_minutes: float = 30.0
    disk_mb: int = 4096

    @property
    def upload_bytes(self) -> int:
        """Size of one upload in bytes."""
        return self.upload_mb * 1_000_000

    @property
    def frames(self) -> int:
        """Number of frames that one job may have."""
        return max(1, round(self.seconds * FASTEST_RATE))


@dataclass(frozen=True)
class Account:
    """Account of somebody who may enter.

    Attributes:
        name: what they call themselves.
        password: what they have to know.
    """

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Settings of the server and its page.

    Attributes:
        host: address to listen at; 0.0.0.0 for all.
        port: port to listen at; 0 lets the system choose.
        share: also make a public address through Gradio's tunnel.
        accounts: who may enter; empty for everybody.
        limits: what visitors may ask for.
        queue_size: how many jobs may wait.
        concurrency: how many jobs run at once.
        models: names or folders to offer, the first one chosen; the embedded models and
            those downloaded before are offered besides.
        device: what computes, by a name of ``fomm doctor``; empty for what the engine takes.
        root_path: where the page lies behind a proxy, such as /fomm.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    share: bool = False
    accounts: tuple[Account, ...] = ()
    limits: Limits = field(default_factory=Limits)
    queue_size: int = 20
    concurrency: int = 2
    models: tuple[str, ...] = ()
    device: str = ""
    root_path: str = ""


def read_accounts(path: Path) -> tuple[Account, ...]:
    """Read a file of accounts: one ``name:password`` a line; # begins a comment line.

    Raises:
        ConfigError: the file cannot be read, holds no account, or has a line of another form.
    """
    try:
        # Editors on Windows put a byte order mark before the first name.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a file of accounts, found none to read") from error
    accounts = [
        _account(path, number, line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not accounts:
        raise ConfigError(f"{path}: expected a line name:password, found none")
    names = [account.name for account in accounts]
    if len(set(names)) < len(names):
        raise ConfigError(f"{path}: expected each name once, found one twice")
    return tuple(accounts)


def _account(path: Path, number: int, line: str) -> Account:
    name, colon, password = line.partition(":")
    if not (name.strip() and colon and password):
        # The line itself is not shown: it may be a password.
        raise ConfigError(f"{path}:{number}: expected name:password, found another form")
    return Account(name.strip(), password)
