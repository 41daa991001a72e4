"""Locate and Verify (Shuai et al. 2023): where a face is forged, and whether it is."""
