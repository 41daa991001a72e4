"""DiMoDif: where what is seen to be said and what is heard to be said differ (2024)."""
