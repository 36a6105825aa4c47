"""What is done later or regularly, by a worker beside the web process."""
