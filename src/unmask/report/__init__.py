"""Reports: JSON, HTML, PDF and the terminal.

``unmask.report.json`` writes the machine-readable record, ``schema`` publishes its form,
``html`` and ``pdf`` make the page, ``terminal`` prints a summary.
"""
