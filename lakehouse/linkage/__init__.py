"""Which records are one person: training, scoring, clustering, lasting ids. The only doorway to
Splink.
"""
