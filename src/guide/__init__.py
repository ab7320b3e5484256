"""The customers' integration guide: a page, and Markdown for programs."""
