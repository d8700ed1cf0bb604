"""Models as files: folders, parameters, downloads, samples."""
