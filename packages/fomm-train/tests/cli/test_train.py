import pytest

from fomm_core.cli.main import run
from fomm_train.configs import recipes


def test_the_recipes_are_listed(capsys):
    assert run(["train", "--list-configs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(recipes())


def test_a_recipe_is_shown_as_it_is(capsys):
    assert run(["train", "--show-config", "vox-256"]) == 0
    assert capsys.readouterr().out == recipes()["vox-256"].read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "expected --config or --resume, found neither"),
        (["--config", "vox-265"], "did you mean vox-256?"),
        (["--show-config", "nothing"], "expected a file, or one of avatar-128"),
        (["--resume", "x", "--config", "vox-256"], "expected no --config, found one"),
        (["--resume", "x", "--ft-params", "p.h5"], "expected no --ft-params, found one"),
        (["--resume", "x", "--type-config", "half"], "expected no --type-config, found one"),
        (["--resume", "x", "--out", "y"], "expected no --out, found one"),
        (["--config", "vox-256", "--start-epoch", "3"], "expected --ft-params with it"),
        (["--config", "vox-256", "--ft-params", "none.h5"], "none.h5: expected a parameter file"),
        (
            ["--config", "vox-256", "--context", "cpu", "--type-config", "half"],
            "--type-config half: expected --context cudnn (a GPU), found cpu",
        ),
        (["--config", "vox-256", "--context", "cpu", "--channel-last"], "--channel-last: expected"),
        (
            ["--config", "vox-256", "--backend", "nnabla", "--context", "cpu", "--compile"],
            "--compile: expected --backend torch, found nnabla",
        ),
        (["--resume", "x", "--compile"], "expected no --compile, found one"),
        (["--config", "vox-256", "--max-minutes", "0"], "--max-minutes"),
        (["--config", "vox-256", "--keep", "0"], "--keep"),
    ],
)
def test_mistakes_are_told_in_one_line(
    needs_nnabla, arguments, told, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert run(["train", *arguments]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert len(err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_data_set_leaves_nothing_behind(needs_nnabla, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["train", "--config", "vox-256", "--context", "cpu"]) == 2
    assert "data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        ("auto", "fomm train: expected NNabla or PyTorch, found neither"),
        ("nnabla", "--backend nnabla: expected NNabla, found"),
        ("torch", "--backend torch: expected PyTorch, found none"),
    ],
)
def test_without_a_backend_one_line_says_what_to_do(backend, told, monkeypatch, capsys):
    monkeypatch.setattr("fomm_train.backend.registry.find_spec", lambda name: None)
    assert run(["train", "--config", "vox-256", "--backend", backend]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert line.endswith(("'fomm-train[torch]'", "'fomm-core[nnabla]'", "--backend torch"))
