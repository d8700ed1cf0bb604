"""Synthetic people: data sets and benchmarks whose true answers are known."""
