"""The composition root: builds the application, its processes and the command line from the other packages."""
