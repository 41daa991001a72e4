"""Running models and turning their scores into a verdict."""
