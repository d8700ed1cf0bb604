"""The networks, defined once, in NNabla. Everything else is built around this definition."""
