"""Colours of pictures and videos as they become sRGB: curves, primaries, profiles, transparency."""
