"""Many open connections on one router process, and more traffic than it can answer."""
