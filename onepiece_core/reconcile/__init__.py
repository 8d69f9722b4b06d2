"""Compare the tracker, the disk, S3 and the journal; propose repairs, do them, take them back."""
