"""`make sam-local`: what was built, run by the real `sam local` in Docker, on the embedded AWS. No AWS account."""
