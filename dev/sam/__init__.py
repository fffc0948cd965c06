"""What SAM templates describe: routes, functions, CORS, the table. Reads only; starts nothing."""
