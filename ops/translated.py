"""Print a template as CloudFormation gets it: `python -m ops.translated [template]`.

Only there does cfn-lint find references in circles.
"""

import json
import os
import sys
from pathlib import Path

from dev.sam.template import REGION, TEMPLATE, as_cloudformation

if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    template = Path(sys.argv[1]) if len(sys.argv) > 1 else TEMPLATE
    print(json.dumps(as_cloudformation(template.read_text())[0], indent=2))
