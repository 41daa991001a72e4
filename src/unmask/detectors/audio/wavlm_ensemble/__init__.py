"""Four WavLM encoders, a logistic regression on each, and one on all (Combei et al. 2024)."""
