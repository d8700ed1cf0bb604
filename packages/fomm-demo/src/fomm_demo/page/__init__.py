"""The page, in Gradio: what is seen, and what each button does."""
