"""HTTP: requests, responses and endpoints. Knows no AWS."""
