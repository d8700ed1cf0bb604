"""Complete checkpoints: everything that an exact continuation of a training needs.

Random draws derive from the numbers of the samples, and the order of the data from the epoch:
both are determined by the number of steps done, so no state of a generator is kept.
"""

from fomm_train.checkpoint.file import load_arithmetic, load_state, save_state
from fomm_train.checkpoint.folder import CheckpointFolder
from fomm_train.checkpoint.state import PendingMean, Progress, TrainingState

__all__ = [
    "CheckpointFolder",
    "PendingMean",
    "Progress",
    "TrainingState",
    "load_arithmetic",
    "load_state",
    "save_state",
]
