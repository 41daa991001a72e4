"""Manifests of media: one row an item; splits never cut a group."""
