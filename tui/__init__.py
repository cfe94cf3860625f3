"""The command line and the dashboard: everything that people see. It imports `storage`; `storage` never imports it."""
