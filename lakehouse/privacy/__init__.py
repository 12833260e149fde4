"""What the law asks, as pure functions: purposes, masks, requests, erasure plans, the audit chain.

Nothing here opens a table: `pipeline` carries out what is planned here.
"""
