"""RECCE (Cao et al. 2022): forged faces by what a decoder of real ones cannot draw."""
