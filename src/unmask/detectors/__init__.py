"""Detectors: one folder a method, found by looking at the folders.

A detector's folder holds ``card.toml`` (the contract) and ``weights.onnx`` for the inference wing,
and ``model.py``, ``training.py``, ``evaluation.py`` and ``recipe.toml`` for the research wing.
"""
