"""The only door to Delta: sessions, places, locks, writes and releases."""
