"""Frozen encoders of others: networks that know pictures in general, kept on the user's shelf.

They are too large for a wheel. ``unmask models pull NAME`` brings one, checked by its hash; heads
that stand on it (``detectors/image/unmask_clip``) come with unmask.
"""
