"""The pages of a run, served to the browser of this machine alone, which saves verdicts in place.

`run_folder` finds the results and the file of corrections, `catalogue` decides which files are
served, `pages` prepares a page for it, `access` refuses everybody else, `corrections_file` reads
and saves verdicts, `application` has the routes and `serve` runs them.

The addresses of files mirror their paths, `/files/home/me/run/results/desk/index.html`, so that
the relative addresses in a page hold. A file is served because it is listed: no path of a request
is ever joined to a folder.
"""
