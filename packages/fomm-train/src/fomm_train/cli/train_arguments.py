"""The options of ``fomm train`` as one record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fomm_core.errors import ConfigError

if TYPE_CHECKING:
    from fomm_train.backend.precision import TypeConfig
    from fomm_train.backend.registry import BackendOption

_CONFLICTS = (
    *("config", "ft_params", "start_epoch", "out", "info"),
    *("type_config", "channel_last", "compile"),
)
"""Options that a resumed training takes from its log directory."""


@dataclass(frozen=True)
class TrainArguments:
    """A training as it is asked for.

    Attributes:
        config: file of the configuration, or the name of one that comes along.
        context: ``"auto"``, ``"cpu"``, ``"cudnn"`` or ``"mps"``.
        backend: ``"auto"``, ``"nnabla"`` or ``"torch"``.
        info: words for the log directory's name.
        ft_params: parameters to begin with.
        start_epoch: first epoch with ``ft_params``, from 0.
        resume: log directory of the training to go on with.
        out: log directory of a new one.
        max_minutes: when to save and stop.
        workers: processes that read data, per rank.
        keep: number of checkpoints to keep.
        save_minutes: longest time between two checkpoints.
        type_config: ``"float"``, ``"tf32"``, ``"bfloat16"`` or ``"half"``.
        channel_last: whether channels come last in memory.
        compile: whether networks and losses are compiled first.
    """

    config: str | None
    context: str
    backend: BackendOption
    info: str
    ft_params: Path | None
    start_epoch: int | None
    resume: Path | None
    out: Path | None
    max_minutes: float | None
    workers: int | None
    keep: int
    save_minutes: float
    type_config: TypeConfig | None
    channel_last: bool
    compile: bool

    def check(self) -> None:
        """Refuse options that contradict each other.

        Raises:
            ConfigError: they do.
        """
        if self.resume is None:
            if self.config is None:
                raise ConfigError("expected --config or --resume, found neither")
            if self.start_epoch is not None and self.ft_params is None:
                raise ConfigError("--start-epoch: expected --ft-params with it, found none")
            return
        for name in _CONFLICTS:
            given: Any = getattr(self, name)
            if given:
                raise ConfigError(
                    f"--resume takes everything from its log directory: expected no "
                    f"--{name.replace('_', '-')}, found one"
                )
