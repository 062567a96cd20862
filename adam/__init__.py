"""How SDTM becomes ADaM."""
