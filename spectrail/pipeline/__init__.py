"""What joins the packages: building a study, explaining a value, the record of a run."""
