"""Print template.yaml as CloudFormation gets it: `python -m dev.translated`. Lints see cycles only there."""

import json
import os

from dev.stack import REGION, as_cloudformation

if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    print(json.dumps(as_cloudformation()[0], indent=2))
