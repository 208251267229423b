"""Who may use which address: one file a room. tests/security/rows.py says how a row is written."""
