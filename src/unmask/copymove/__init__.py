"""Copies within one picture: a part that shows the same as another part, pixel for pixel."""
