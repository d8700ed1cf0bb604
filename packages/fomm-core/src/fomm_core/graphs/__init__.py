"""The exported graphs as values: what the export writes and the engines read and rewrite.

``onnx_graph`` is a graph that is easy to rewrite, ``work`` counts its multiplications. ``narrow``
computes its convolutions in fewer bits, ``portable`` writes it in operations that more runtimes
have, and ``up_scaling`` joins enlargements with the convolutions behind them.
"""
