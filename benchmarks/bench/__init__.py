"""What ./bench is made of: a file for each kind of benchmark, and what they share."""
