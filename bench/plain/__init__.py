"""What benchmarks are measured against: the same done plainly in Django and DRF."""
