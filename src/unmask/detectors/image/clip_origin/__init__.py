"""Which generator made a picture, or none that is known (Cioni et al. 2024): a head on CLIP."""
