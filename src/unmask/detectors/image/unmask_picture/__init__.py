"""Whole-picture forensics: edited somewhere, or generated as a whole."""
