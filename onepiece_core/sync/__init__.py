"""Mirror a folder to S3 or from it: filters, a sorted scan and listing, their merge-join, a plan, carrying it out."""
