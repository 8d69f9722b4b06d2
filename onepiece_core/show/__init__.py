"""Shows: hierarchy templates, and a project's episodes, sequences, shots, assets and tasks made from them."""
