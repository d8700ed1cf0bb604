"""Faces in whole pictures: finding them, cropping to them, putting the generated square back."""
