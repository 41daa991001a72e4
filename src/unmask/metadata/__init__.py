"""What a file says about itself: its tags, read within bounds, and the rules that weigh them.

``reading.read_metadata`` collects the tags of any file; ``rules`` holds what they mean, one entry
of ``rules.toml`` a rule; ``contradictions`` holds what cannot be true at once.
"""
