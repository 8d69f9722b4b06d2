"""The scenes that artists edit: where they lie, who has them open, which version comes next."""
