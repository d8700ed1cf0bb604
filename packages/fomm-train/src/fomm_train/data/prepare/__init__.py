"""From a folder of videos to a data set of the model's size."""
