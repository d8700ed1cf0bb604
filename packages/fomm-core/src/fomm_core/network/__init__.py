"""The networks, defined once. Everything else is built around this definition.

They are written in the operations of :mod:`fomm_core.network.operations`, which are passed to
them as a value; nothing here but ``nnabla_operations`` and ``stages`` needs NNabla.
"""
