"""ExposeAnyone: whether a face moves to its voice as that person does (2026)."""
