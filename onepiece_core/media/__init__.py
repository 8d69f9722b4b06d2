"""Pictures and movies: whether they are whole, and small ones made from them."""
