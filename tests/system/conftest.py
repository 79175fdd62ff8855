"""Shows what stands in an assertion of a helper, as in one of a test."""

import pytest

pytest.register_assert_rewrite("tests.system.old_ids")
