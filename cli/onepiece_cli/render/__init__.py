"""What the commands of ``onepiece render`` share."""
