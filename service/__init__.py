"""The model over HTTP; the only code that imports BentoML."""

import os

os.environ["BENTOML_DO_NOT_TRACK"] = "true"  # BentoML reports its use over the network otherwise; it ignores "1"
