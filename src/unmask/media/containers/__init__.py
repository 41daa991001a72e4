"""Walking the structure of files by their headers: boxes, segments, chunks and blocks.

Each walker reads through a function (``part.At``) that bounds what is read, looks at headers only,
and gives each part with the length that it announces, whether or not it leads out of the file. None
trusts a length, recurses by what a file says, or looks at more than a given number of parts.
"""
