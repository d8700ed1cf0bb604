"""Rendered people: a statistical model of heads with skin, hair and clothes made by code."""
