"""Data that ships with the product: step templates and the label catalogue, in YAML. No code lives here."""
