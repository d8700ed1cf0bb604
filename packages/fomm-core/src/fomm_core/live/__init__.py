"""Live animation: a picture that follows a camera's newest frame."""
