"""What a caller asks for, one verb a module. Knows neither HTTP nor AWS."""
