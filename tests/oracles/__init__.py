"""Programs that speak for foreign implementations, in an environment of their own (`make .venv-oracles/installed`).

Each answers calls in the words of the package that it is named after, line by line (`lines.py`); what the answers
must be is said by the tests (`tests/conformance/`). Nothing here imports the product.
"""
