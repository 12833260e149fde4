"""Serve: data products, made of gold alone, as the files in conf/base/products say.

What an author cannot say away is done here for every product: whom it may tell of, by consent and
objection; which address is shown, by channel; which groups are too small to be told.
"""
