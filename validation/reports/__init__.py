"""Reports of a validation: findings.json, report.xlsx, report.html, and the drafts of the reviewer guides."""
