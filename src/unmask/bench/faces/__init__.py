"""Protocols that ask a whole face program: found in time, matched, named; no forgery in them."""
