"""Data as manifests: a table a dataset, one row an item."""
