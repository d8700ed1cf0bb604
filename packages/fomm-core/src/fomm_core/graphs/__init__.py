"""The exported graphs as values: what the export writes and the engines read and rewrite.

``onnx_graph`` is a graph that is easy to rewrite, ``narrow`` computes its convolutions in fewer
bits.
"""
