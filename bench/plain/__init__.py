"""What `bin/bench log` is measured against: the same row by a plain DRF create. Not the product."""
