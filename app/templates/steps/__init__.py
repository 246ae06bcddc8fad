"""One step template per practice model. A municipality starts from a copy and edits it (R38)."""
