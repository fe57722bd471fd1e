"""Public pages, Chinese and English: one module per page, a typed view model and a template each.

`rendering` turns a view model into an answer, `csp` holds the security headers, `static_files` serves
scripts and style. Pages ask `service`; they know neither SQL nor routes of programs.
"""
