"""Files of known saving, made with real tools, and what the analyzer says about each."""
