"""Whole files: what a scan says of authentic and forged ones, and the rule that decides on them.

``making`` makes forged ones and saves both classes alike, ``rows``
are what scans found in them, stored; ``fitting`` fits the rule of ``unmask.decision`` on them,
``power`` the tables of what would have been found.
"""
