"""Which rows of the tables a figure shows, and how its caption says so. Draws nothing."""
