"""Settings -> the steps of a training."""
