"""Other people's SDKs, unmodified, against the sandbox as `fbnb sandbox` serves it.

They run in an environment of their own, which holds nothing of this package: `make peers`.
"""
