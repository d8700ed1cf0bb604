from __future__ import annotations

import re

from workspace import ROOT
from write_workflow import WORKFLOW, Environment, compose, read_environments


def test_the_workflow_is_what_tox_ini_says():
    wanted = compose(read_environments(ROOT / "tox.ini"))
    found = (ROOT / WORKFLOW).read_text(encoding="utf-8")
    assert found == wanted, "run: uv run python tools/write_workflow.py"


def test_environments_come_in_the_order_of_tox_with_what_they_need(tmp_path):
    tox_ini = tmp_path / "tox.ini"
    tox_ini.write_text(
        "[tox]\nenv_list =\n    lint, one\n    two\n[testenv:two]\ndepends = one\ndeps = {x}%s\n"
    )
    assert read_environments(tox_ini) == [
        Environment("lint", ""),
        Environment("one", ""),
        Environment("two", "one"),
    ]


def test_hooks_before_a_commit_run_what_the_lint_environment_runs():
    tox_ini = (ROOT / "tox.ini").read_text(encoding="utf-8").replace("{/}", "/")
    section = tox_ini.partition("[testenv:lint]")[2].partition("[testenv:")[0]
    lint = re.findall(r"^    (ruff .*|python .*|\S*pytest\S*) *(tools/tests)?$", section, re.M)
    wanted = [" ".join(words).strip().replace("{[testenv]pytest}", "pytest") for words in lint]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"entry: uv run (.*)$", hooks, re.M) == wanted != []
