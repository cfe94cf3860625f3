"""The command line and the dashboard: everything that talks to a person. It imports `storage`, never the other way."""
