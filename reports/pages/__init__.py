"""Verdicts -> tables, Markdown, CSV and HTML, one module a page."""
