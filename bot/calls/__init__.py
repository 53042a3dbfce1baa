"""Live calls of the CAD: one cached reader, search, and what suggests them."""
