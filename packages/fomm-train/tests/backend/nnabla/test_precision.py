import pytest

from fomm_core.engine.spec import EngineStatus
from fomm_core.errors import ConfigError, EngineError
from fomm_core.network.nnabla_operations import NNABLA_KERNELS
from fomm_train.backend.nnabla import precision as module
from fomm_train.backend.nnabla.precision import choose_context, make_precision
from fomm_train.backend.precision import Arithmetic
from fomm_train.kernels.channel_last import channel_last_convolution
from fomm_train.kernels.gathered_warping import warp_by_gathering


def test_on_a_cpu_everything_is_single_precision():
    precision = make_precision("cpu", 0)
    assert not precision.is_mixed
    assert precision.kernels.warp_by_grid is warp_by_gathering
    assert "cpu:float" in str(precision.single)


@pytest.mark.parametrize(
    ("type_config", "channel_last", "option"),
    [("half", False, "--type-config half"), ("float", True, "--channel-last")],
)
def test_what_only_gpus_have_is_refused_on_cpus(type_config, channel_last, option):
    with pytest.raises(ConfigError, match=f"{option}: expected --context cudnn"):
        make_precision("cpu", 0, Arithmetic(type_config, channel_last))


@pytest.fixture
def gpu(monkeypatch):
    """Pretends that the extension is there, and that its GPUs are usable or not; their numbers."""
    asked = []

    def pretend(reason, version="1.39.0"):
        def status(number):
            asked.append(number)
            return EngineStatus("nnabla-cudnn", not reason, reason, version)

        monkeypatch.setattr(module, "cudnn_status", status)
        return asked

    return pretend


def test_auto_takes_a_gpu_where_there_is_one(gpu, monkeypatch, caplog):
    asked = gpu("")
    assert choose_context("auto") == "cudnn"
    assert choose_context("cudnn") == "cudnn"
    assert choose_context("cpu") == "cpu"
    monkeypatch.setenv("OMPI_COMM_WORLD_LOCAL_RANK", "3")
    assert choose_context("auto") == "cudnn"
    assert asked == [0, 0, 3]

    gpu("not installed", version="")
    assert choose_context("auto") == "cpu"
    assert caplog.text == ""


def test_a_gpu_that_fails_its_trial_is_told_and_not_taken(gpu, caplog):
    gpu("NNabla's kernels fail on this GPU")
    assert choose_context("auto") == "cpu"
    assert "training on the CPU; context cudnn: NNabla's kernels fail on this GPU" in caplog.text
    with pytest.raises(EngineError, match=r"^context cudnn: NNabla's kernels fail on this GPU$"):
        choose_context("cudnn")


def test_on_gpus_each_rank_has_its_own_and_half_is_an_option(monkeypatch):
    import nnabla.ext_utils

    monkeypatch.setattr(module, "extension_context", lambda name: None)
    monkeypatch.setattr(
        nnabla.ext_utils, "get_extension_context", lambda name, **options: (name, options)
    )
    precision = make_precision("cudnn", 3, Arithmetic("half", channel_last=True))
    assert precision.single == ("cudnn", {"device_id": "3"})
    assert precision.half == ("cudnn", {"device_id": "3", "type_config": "half"})
    assert precision.kernels.convolution is channel_last_convolution
    assert make_precision("cudnn", 0).kernels is NNABLA_KERNELS
