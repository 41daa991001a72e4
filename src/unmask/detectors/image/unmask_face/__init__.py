"""Forged faces: one score and a map of the forged part for a face crop."""
