"""How surveys sort forgeries, and ways of finding them: one file a survey."""
