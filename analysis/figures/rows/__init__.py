"""The rows of the tables that a figure shows, and its caption. Draws nothing."""
