"""Templates of the pages, and the function that renders them."""
