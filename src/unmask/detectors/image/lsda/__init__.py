"""LSDA (Yan et al. 2024): a student of teachers whose features were varied and mixed."""
