"""How raw data become SDTM."""
