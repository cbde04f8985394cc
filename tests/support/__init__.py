"""What the tests share: problems, plain references, layouts, optima to forty digits."""
