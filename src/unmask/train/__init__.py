"""The research wing's training loop."""
