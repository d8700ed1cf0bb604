"""Worker processes: batches that are ready when the training wants them."""
