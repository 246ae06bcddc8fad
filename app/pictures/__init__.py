"""Pictures: data in, SVG out. Nothing here knows of a case, a reader or a database."""
