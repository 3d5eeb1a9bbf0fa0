"""Pictures of the site, one a file, each with `draw()` that returns a figure of matplotlib."""
