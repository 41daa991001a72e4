"""From findings to one decision about a file.

``evidence``: what was found, as the few numbers that count. ``rule``: the fitted rule that makes
one score of them, with thresholds held on whole authentic files. ``fusion``: the verdict.
``powers``: what would have been found in a file like this one.

Of a user's own: ``calibration`` (whose ``certificate`` says on what it was fitted), ``statistic``
of many voters, ``likeness`` of a file to the calibration's, ``apply``: the verdict under it.
"""
