"""unmask as a service: REST, a page for analysts, and jobs that survive what dies.

``config`` says what can be chosen; ``database`` and ``tables`` are the store, ``leases`` hands out
jobs, ``worker`` judges them in processes of their own, ``app`` answers over HTTP.
"""
