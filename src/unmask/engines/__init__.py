"""Other engines than the process pool for very many files; each needs an extra of its own."""
