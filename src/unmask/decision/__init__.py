"""From findings to one decision about a file.

``evidence``: what was found, as the few numbers that count. ``rule``: the fitted rule that makes
one score of them, with thresholds held on whole authentic files. ``fusion``: the verdict.
``powers``: what would have been found in a file like this one.
"""
