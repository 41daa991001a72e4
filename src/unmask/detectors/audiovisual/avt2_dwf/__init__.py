"""AVT2-DWF: two transformers, one token a frame, and weights of both senses (2024)."""
