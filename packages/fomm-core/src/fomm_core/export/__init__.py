"""From the NNabla definition to four ONNX graphs that run without NNabla.

``walk`` visits NNabla's graph and emits ONNX node by node (``handlers``), ``lowering``
rewrites the result into cheaper, equal forms, ``verify`` runs both and compares.
"""
