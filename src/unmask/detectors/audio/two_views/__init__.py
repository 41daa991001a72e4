"""A speech encoder and cepstra of the same moments, fused and judged by graphs ("Two Views")."""
