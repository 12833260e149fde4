"""A synthetic retailer whose truth is known: the product's oracle, which no step imports."""
