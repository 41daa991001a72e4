"""Adding a stranger's network to the user's shelf: read safely, converted, checked, described."""
