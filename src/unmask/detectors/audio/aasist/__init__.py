"""AASIST: graph attention over the spectrum and the time of a voice (Jung et al. 2022)."""
