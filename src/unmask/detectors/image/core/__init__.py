"""CORE (Ni et al. 2022): an Xception that sees the same in two views of one face."""
