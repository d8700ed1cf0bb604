import subprocess

from fomm_core.utils.interpreter import python_command


def test_it_finds_what_this_interpreter_finds(tmp_path, monkeypatch):
    (tmp_path / "only_here.py").write_text("WORD = 'found'")
    monkeypatch.syspath_prepend(str(tmp_path))
    command = python_command("import only_here; print(only_here.WORD)")
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "found\n"


def test_modules_of_the_present_folder_are_not_taken_for_others(tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    command = python_command("import json; print(json.dumps(1))")
    assert subprocess.run(command, cwd=tmp_path, check=True).returncode == 0
