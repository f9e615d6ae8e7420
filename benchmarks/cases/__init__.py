"""What `benchmarks/peers.py` measures, one file a subject."""
