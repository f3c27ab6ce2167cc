"""Many cameras, watched for months: the processes of ``streamrec serve`` and what they agree on."""
