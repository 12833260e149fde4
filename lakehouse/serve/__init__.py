"""What leaves the lake for a purpose: data products, limited to who consented, masked and minimised."""
