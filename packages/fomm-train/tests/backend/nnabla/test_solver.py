import nnabla as nn
import nnabla.functions as F
import nnabla.parametric_functions as PF
import numpy as np
import pytest

from fomm_core.errors import ParameterError
from fomm_train.backend.nnabla.solver import NNablaSolver
from fomm_train.backend.solvers import Network


def make_problem(out=2):
    scope = {}
    x = nn.Variable.from_numpy_array(np.random.default_rng(0).normal(size=(4, 3)))
    with nn.parameter_scope("", scope):
        y = PF.affine(x, out, name="generator/first") + PF.affine(x, out, name="kp_detector/second")
        parameters = nn.get_parameters(grad_only=False)
    rng = np.random.default_rng(1)
    for parameter in parameters.values():
        parameter.d = rng.normal(size=parameter.shape)
    return F.mean(F.pow_scalar(y, 2)), parameters


def step(loss, solver):
    loss.forward()
    solver.zero_grad()
    loss.backward()
    solver.update(0.01)
    return float(loss.d)


def test_only_the_parameters_of_the_network_change():
    loss, parameters = make_problem()
    before = {name: v.d.copy() for name, v in parameters.items()}
    step(loss, NNablaSolver(Network.GENERATOR, parameters))
    changed = {name for name, v in parameters.items() if (v.d != before[name]).any()}
    assert changed == {"generator/first/affine/W", "generator/first/affine/b"}


def test_a_restored_solver_goes_on_exactly():
    loss, parameters = make_problem()
    solver = NNablaSolver(Network.GENERATOR, parameters)
    for _ in range(3):
        step(loss, solver)
    state = solver.state()
    values = {name: v.d.copy() for name, v in parameters.items()}
    expected = [step(loss, solver) for _ in range(3)]
    for name, value in values.items():
        parameters[name].d = value
    again = NNablaSolver(Network.GENERATOR, parameters)
    again.restore(state)
    assert [step(loss, again) for _ in range(3)] == expected


def test_saved_states_are_read_by_nnabla(tmp_path):
    import nnabla.solvers as S

    loss, parameters = make_problem()
    solver = NNablaSolver(Network.GENERATOR, parameters)
    step(loss, solver)
    solver.save(tmp_path / "state.h5")
    adam = S.Adam()
    adam.set_parameters({k: v for k, v in parameters.items() if k.startswith("generator/")})
    adam.load_states(str(tmp_path / "state.h5"))
    name = "generator/first/affine/W"
    state = adam.get_states()[name]
    assert state.t == 1
    np.testing.assert_array_equal(state.pstate["mean"].d, solver.state()[name].mean)


def test_a_state_of_other_networks_is_refused():
    _, parameters = make_problem()
    _, larger = make_problem(out=3)
    solver = NNablaSolver(Network.GENERATOR, parameters)
    with pytest.raises(ParameterError, match="differ at generator/first"):
        solver.restore({})
    with pytest.raises(ParameterError, match="expected shape"):
        solver.restore(NNablaSolver(Network.GENERATOR, larger).state())
