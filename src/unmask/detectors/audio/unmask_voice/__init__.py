"""Synthetic and edited speech, heard in windows of 2.2 seconds."""
