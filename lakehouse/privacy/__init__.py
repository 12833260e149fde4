"""What the law asks, as pure functions of specs, conf and frames.

Nothing here opens a table: `pipeline` carries out what is planned here.
"""
