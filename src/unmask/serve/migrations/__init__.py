"""Forms that the database has had, and how to get from one to the next."""
