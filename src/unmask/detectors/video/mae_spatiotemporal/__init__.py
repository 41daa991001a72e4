"""Two masked autoencoders, of faces and of their motion (Das et al. 2023)."""
