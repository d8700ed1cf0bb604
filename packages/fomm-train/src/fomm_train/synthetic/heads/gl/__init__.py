"""Rendering of people with OpenGL."""
