"""The user's own index of known items, and what a file has in common with them.

``store`` is the file on the disk, ``item`` what it holds of each picture, video or recording,
``keys`` how that is taken from a file. ``hashes``, ``keypoints`` and ``audio_fingerprint`` are what
is compared; ``pictures``, ``films`` and ``recordings`` find items by it, and ``align`` and
``difference`` say what was changed.
"""
