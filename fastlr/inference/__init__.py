"""What is known of a fit once it has ended."""
