"""In place of botocore's own, which writes its reference documentation."""
