"""Making fakes to train on, and laundering media."""
