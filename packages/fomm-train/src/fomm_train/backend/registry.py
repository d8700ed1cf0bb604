"""The backends that can compute a training, and the choice between them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from fomm_core.distributed.launcher import local_rank
from fomm_core.engine.nnabla import cudnn_status
from fomm_train.errors import TrainingError

if TYPE_CHECKING:
    from fomm_train.backend.backend import Backend
    from fomm_train.backend.precision import BackendName

BackendOption = Literal["auto", "nnabla", "torch"]

# Precisions that NNabla does not have.
_OF_TORCH = ("bfloat16", "tf32")


@dataclass(frozen=True)
class BackendChoice:
    """A backend, and why it was taken.

    Attributes:
        name: which one.
        reason: for the user; empty where it was asked for.
    """

    name: BackendName
    reason: str = ""

    def open(self) -> Backend:
        """Import it."""
        if self.name == "torch":
            from fomm_train.backend.torch.backend import TorchBackend

            return TorchBackend()
        from fomm_train.backend.nnabla.backend import NNablaBackend

        return NNablaBackend()


def choose_backend(
    wanted: BackendOption, context: str, type_config: str, before: BackendName | None = None
) -> BackendChoice:
    """Choose what computes a training.

    Args:
        wanted: what was asked for.
        context: where it is to compute; ``"auto"`` for anywhere.
        type_config: its precision.
        before: what computed the interrupted training that is gone on with.

    Raises:
        TrainingError: it is not installed or broken; the message says what to do.
    """
    choice = BackendChoice(wanted) if wanted != "auto" else _choose(context, type_config, before)
    _require(choice.name)
    return choice


def _choose(context: str, type_config: str, before: BackendName | None) -> BackendChoice:
    """The one that suits, and why; what only PyTorch can do is left to it, broken or not."""
    has_nnabla, has_torch = _is_installed("nnabla"), _is_installed("torch")
    if not has_nnabla and not has_torch:
        raise TrainingError(_nothing_installed())
    if not has_torch:
        return BackendChoice("nnabla", "PyTorch is not installed")
    if not has_nnabla:
        return BackendChoice("torch", "NNabla is not installed")
    if before is not None:
        return BackendChoice(before, "as before it was interrupted")
    if context == "mps" or type_config in _OF_TORCH:
        option = "--context mps" if context == "mps" else f"--type-config {type_config}"
        return BackendChoice("torch", f"NNabla knows no {option}")
    failure = "" if context == "cpu" else _torch_failure()
    if failure:
        return BackendChoice("nnabla", f"PyTorch is installed but cannot be imported: {failure}")
    if context != "cpu" and _only_torch_has_a_gpu():
        return BackendChoice("torch", "it can use the GPU, NNabla cannot")
    return BackendChoice("nnabla", "it is the reference; --backend torch is faster on CPUs")


def _is_installed(name: str) -> bool:
    return find_spec(name) is not None


def _torch_failure() -> str:
    """One line on why PyTorch, though found, cannot be imported; empty where it can."""
    try:
        import_module("torch.nn.functional")
    except Exception as error:  # noqa: BLE001 - a broken installation may fail in any way
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def _require(name: BackendName) -> None:
    if _is_installed(name):
        failure = _torch_failure() if name == "torch" else ""
        if failure:
            raise TrainingError(
                f"--backend torch: expected PyTorch, found one that cannot be imported "
                f"({failure}); install it anew: pip install --force-reinstall torch"
            )
        return
    if name == "torch":
        raise TrainingError(
            "--backend torch: expected PyTorch, found none; install it with: "
            "pip install 'fomm-train[torch]'"
        )
    if sys.version_info < (3, 11):
        found, cure = "none", "install it with: pip install 'fomm-core[nnabla]'"
    else:
        found = f"Python {_python()}, for which it has no wheels"
        cure = "train with Python 3.10 or with --backend torch"
    raise TrainingError(f"--backend nnabla: expected NNabla, found {found}; {cure}")


def _nothing_installed() -> str:
    cure = "install PyTorch with: pip install 'fomm-train[torch]'"
    if sys.version_info < (3, 11):
        cure = f"install NNabla with: pip install 'fomm-core[nnabla]', or {cure}"
    return f"fomm train: expected NNabla or PyTorch, found neither; {cure}"


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _only_torch_has_a_gpu() -> bool:
    if cudnn_status(local_rank(os.environ)).usable:
        return False
    return BackendChoice("torch").open().choose_context("auto") != "cpu"
