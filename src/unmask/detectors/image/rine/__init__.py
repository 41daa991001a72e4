"""RINE: what the inner blocks of CLIP's image encoder see (Koutlis and Papadopoulos 2024)."""
