"""Charts as inline SVG made of attributes alone: they print, mail and pass a strict CSP."""
