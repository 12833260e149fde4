"""The wiring: which function reads and writes which table, and how a run goes."""
