"""HAMMER: forged news pictures, captions or both, and where (Shao et al. 2023)."""
