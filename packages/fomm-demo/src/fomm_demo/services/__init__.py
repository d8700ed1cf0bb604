"""Everything behind the page; nothing here knows Gradio."""
