"""The vocabulary that every layer shares: one declaration per table, and what is derived from it."""
