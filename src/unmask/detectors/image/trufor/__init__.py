"""TruFor: where a picture was edited, and how far that can be trusted (Guillaro et al. 2023)."""
