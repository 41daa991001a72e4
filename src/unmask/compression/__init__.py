"""Traces that saving leaves: how often and how hard a picture, a video or a recording was packed,
and whether one part of it was packed differently from the rest."""
