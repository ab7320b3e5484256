"""The customers' guides, each as a page and as Markdown for programs."""
