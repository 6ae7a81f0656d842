"""Check the published feature files.

Opens the dictionary of each feature set and writes one status row a film (`ok` or `bad`, with every
problem in full). A bad film does not fail this job: `gather_corpus` decides what becomes of it. A
file that cannot be read as a whole does.
"""

from scorelens import logs

logs.start(snakemake.log[0])

from scorelens.corpus.published import inspection, published

inspection.inspect_films(
    films=published.read_films(snakemake.params.folder, snakemake.params.genres),
    files=snakemake.params.files,
    output=snakemake.output.status,
)
