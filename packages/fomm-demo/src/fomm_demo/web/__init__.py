"""Serving: the listening socket, what stands before the page, and the page on the network."""
