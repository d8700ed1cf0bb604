"""Averages beside the parameters are those in the memory of the host."""

import numpy as np
import pytest

from fomm_train.backend.averaging import HostAverages


@pytest.mark.parametrize("share", [0.002, 0.3, 0.9])
def test_averages_are_those_of_the_host(torch_ops, share):
    random = np.random.default_rng(0)
    begin, now = ({n: random.normal(size=3).astype(np.float32) for n in "ab"} for _ in range(2))
    parameters = {name: torch_ops.constant(value) for name, value in now.items()}
    own = torch_ops.make_averages(parameters, begin)
    host = HostAverages(torch_ops, parameters, begin)
    for averages in (own, host):
        averages.move(share)
        averages.move(share)
    found, expected = own.read(), host.read()
    for name in begin:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(torch_ops.read(parameters[name]), now[name])


def test_what_is_read_and_given_is_copied(torch_ops):
    begin = {"a": np.zeros(2, np.float32)}
    averages = torch_ops.make_averages({"a": torch_ops.constant(np.ones(2))}, begin)
    before = averages.read()
    averages.move(0.5)
    assert begin["a"].tolist() == before["a"].tolist() == [0, 0]
    assert averages.read()["a"].tolist() == [0.5, 0.5]


def test_averages_go_on_exactly_where_they_were_read(torch_ops):
    parameters = {"a": torch_ops.constant(np.float32([1 / 3, -7.1]))}
    one = torch_ops.make_averages(parameters, {"a": np.float32([0.1, 0.2])})
    one.move(0.3)
    other = torch_ops.make_averages(parameters, one.read())
    for averages in (one, other):
        averages.move(0.3)
    np.testing.assert_array_equal(one.read()["a"], other.read()["a"])
