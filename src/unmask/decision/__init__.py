"""From what was found to one verdict: whose rates hold, on which files, and for which not."""
