"""SpecTTTra (Rahman et al. 2025): a song's whole spectrogram in slices of time and of pitch."""
