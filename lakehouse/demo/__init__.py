"""A synthetic retailer whose truth is known: the product's oracle. The pipeline never imports it."""
