"""Faces in pictures: finding, following, cropping and judging whether they can be judged."""
