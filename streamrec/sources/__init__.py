"""Video sources: each turns a file, a camera or an address into frames."""
