"""The contract between the wings: what a card says, and the folder of the user's own models."""
