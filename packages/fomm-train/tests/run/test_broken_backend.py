"""A PyTorch that is installed but does not work, as the user hears of it."""

import pytest

pytestmark = pytest.mark.once


@pytest.fixture
def broken_torch(tmp_path, monkeypatch):
    """A PyTorch before any other that is found and cannot be imported."""
    package = tmp_path / "site" / "torch"
    package.mkdir(parents=True)
    failure = "libtorch_cpu.so: cannot open shared object file"
    (package / "__init__.py").write_text(f"raise OSError({failure!r})")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return failure


def test_a_broken_installation_is_told_in_one_line(broken_torch, write_config, settings, fomm):
    config = write_config(settings)
    code, _, err = fomm("train", "--config", config, "--backend", "torch", "--context", "cpu")
    assert code == 2
    (line,) = err.strip().splitlines()
    assert f"found one that cannot be imported ({broken_torch}); install it anew" in line


def test_training_goes_on_with_nnabla_beside_a_broken_installation(
    needs_nnabla, broken_torch, write_config, settings, tmp_path, succeed
):
    settings["train_params"]["num_epochs"] = 1
    out = succeed(
        *("train", "--config", write_config(settings), "--out", tmp_path / "log"),
        *("--max-minutes", 0.001, "--workers", 0),
    )
    assert "backend nnabla: PyTorch is installed but cannot be imported" in out
    assert broken_torch in out
