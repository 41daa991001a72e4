"""Effort (Yan et al. 2025): CLIP that learns only orthogonally to what it knows."""
