"""Who is asking: a bearer token in, an `Identity` out, or 401 (P21). The only importer of `jose`.

python-jose 3.5 checks a signature well and little else: left alone it takes the algorithm from the token, ignores
`kid`, `crit` and `use`, reads the last of two equal JSON keys, and lets `exp` be text. So it is only asked whether one
key, made for one algorithm, signed these bytes. The rest is decided here: the shape before, the claims and their types
after. Nothing of a token is ever logged or echoed.
"""

from app.auth.keys import fetch_jwks
from app.auth.tokens import Identity
from app.auth.tryout import TRYOUT_AUDIENCE, has_tryout_key, tryout_issuer, tryout_key, tryout_token
from app.auth.verifier import Verifier
from app.config import TRYOUT_ISSUER

__all__ = [
    "TRYOUT_AUDIENCE",
    "TRYOUT_ISSUER",
    "Identity",
    "Verifier",
    "fetch_jwks",
    "has_tryout_key",
    "tryout_issuer",
    "tryout_key",
    "tryout_token",
]
