"""What can be known of a file from anywhere: credentials, watermark, local log."""
