"""Engines: the ways to run the networks, behind one interface (``base``)."""
