"""SeeABLE (Larue et al. 2023): forged faces by their nearness to known local changes."""
