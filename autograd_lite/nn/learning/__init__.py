"""Training: batches, steps, the loop over epochs, and what it tells."""
