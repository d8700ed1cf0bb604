"""The networks, defined once, in NNabla. Everything else is built around this definition."""

import logging

# NNabla announces every extension that it loads.
logging.getLogger("nnabla").setLevel(logging.WARNING)
