"""What ``scan`` runs: one file an analyzer, found by the registry."""
