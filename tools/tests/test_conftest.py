"""The rules of the conftest.py at the root: which tests are tried again, and fixed seeds."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytest_plugins = "pytester"


@pytest.fixture
def run(pytester):
    """Run a test file under the repository's own rules."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, pytester.path)

    def call(test):
        pytester.makepyfile(test)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider")

    return call


ONCE = """
    import pytest
    tries = []
    @pytest.mark.{mark}
    def test_it():
        tries.append(1)
        assert len(tries) == 2, "the first try"
"""


@pytest.mark.parametrize("mark", ["browser", "mpi"])
def test_marked_tests_are_tried_again_and_the_reason_is_printed(run, mark):
    done = run(ONCE.format(mark=mark))
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["*tried again*", "RERUN *::test_it: AssertionError: the first try*"])


def test_others_are_not(run):
    run(ONCE.format(mark="filterwarnings('default')")).assert_outcomes(failed=1)


def test_random_numbers_are_the_same_each_time_and_their_seeds_are_printed(run):
    done = run("""
        import random
        import pytest
        from hypothesis import given, strategies as st
        drawn = []
        @pytest.mark.parametrize("_", range(2))
        def test_python(_):
            drawn.append(random.random())
            assert len(set(drawn)) == 1
        numbers = []
        @given(st.integers())
        def draw(number):
            numbers.append(number)
        def test_hypothesis():
            draw()
            first, numbers[:] = list(numbers), []
            draw()
            assert numbers == first
    """)
    done.assert_outcomes(passed=3)
    done.stdout.fnmatch_lines(["seeds: Hypothesis 313; random, NumPy and NNabla 313 *"])
