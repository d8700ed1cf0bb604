"""The loop where a step fails."""

from types import SimpleNamespace

import pytest

from fomm_core.errors import DeviceError
from fomm_train.checkpoint import Progress
from fomm_train.run.trainer import Trainer


class Loader:
    """Batches of nothing."""

    def epoch(self, epoch, first):
        yield from range(3)


def failing_trainer(error, recorder):
    """A trainer whose first step raises an error."""

    def run(*_):
        raise error

    stop = SimpleNamespace(wanted=False)
    return Trainer(SimpleNamespace(run=run), Loader(), recorder, stop, None, 1)


@pytest.mark.parametrize(
    ("recorder", "told"),
    [
        (SimpleNamespace(last_checkpoint="log/c.npz"), "last good checkpoint: log/c.npz"),
        (SimpleNamespace(last_checkpoint=None), "no checkpoint was written yet"),
        (None, "train_params.batch_size"),
    ],
)
def test_a_device_that_fails_is_told_with_the_way_back(recorder, told):
    trainer = failing_trainer(RuntimeError("CUDA out of memory. Tried to allocate"), recorder)
    with pytest.raises(DeviceError, match=r"^expected enough memory, found: CUDA out") as caught:
        trainer.run(Progress(0, 3, 2))
    assert told in str(caught.value)
    assert ("checkpoint" in str(caught.value)) == (recorder is not None)


def test_a_defect_stays_one():
    with pytest.raises(RuntimeError, match=r"^a defect$"):
        failing_trainer(RuntimeError("a defect"), None).run(Progress(0, 3, 2))
