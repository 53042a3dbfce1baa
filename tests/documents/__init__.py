"""What is written for people, against the code."""
