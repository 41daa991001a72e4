"""Capsule-Forensics (Nguyen et al. 2019): three capsules on VGG's features."""
