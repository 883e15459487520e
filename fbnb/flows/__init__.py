"""The token flows, one file each: plain functions, client first."""
