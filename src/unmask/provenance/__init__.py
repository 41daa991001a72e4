"""Signed manifests (C2PA, "Content Credentials"): found, checked offline, told in plain words.

``find_store`` looks for a manifest in the bytes of a file, ``boxes`` refuses hostile ones,
``reading`` lets the C2PA library check the rest in a process of its own, ``judge`` says what that
means. The library is an extra; without it a manifest is found and not checked.
"""
