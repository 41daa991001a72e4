"""Semantic contextualisation (Zou et al. 2025): what was changed in a face."""
