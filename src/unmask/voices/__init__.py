"""Speech activity, windows and features of voices."""
