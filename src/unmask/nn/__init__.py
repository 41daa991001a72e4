"""Layers that several published methods stand on, one idea a file (research wing)."""
