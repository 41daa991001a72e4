"""Invisible marks that picture generators put into what they make, and how they are read."""
