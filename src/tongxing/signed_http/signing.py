"""Signing a request and the answer to it."""

from datetime import UTC, datetime

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    MappingKeyResolver,
    algorithms,
)

from tongxing.signed_http.messages import (
    IF_PRESENT,
    LABEL,
    OF_ANSWERS,
    OF_REQUESTS,
    TAG,
    Answer,
    HttpKey,
    Request,
)


def sign_request(request: Request, key: HttpKey, created_s: int, nonce: str) -> None:
    """Put Signature-Input and Signature among the headers. The digest of a body, where there is
    one, must be among them already."""
    covered = [*OF_REQUESTS, *(name for name in IF_PRESENT if name in request.headers)]
    _sign(request, key, created_s, covered, nonce)


def sign_answer(answer: Answer, key: HttpKey, created_s: int, label: str = "") -> None:
    """The same for an answer, which needs its digest also when it is empty. `label` is that of the
    request's signature: the answer covers it then, and belongs to no other request.

    An answer to what has no address that could be signed (a Host with a space) stays unsigned.
    """
    covered = list(OF_ANSWERS)
    covered += [name for name in IF_PRESENT if name in answer.headers and name not in OF_ANSWERS]
    if label:
        covered.append(f'"signature";req;key="{label}"')
    try:
        _sign(answer, key, created_s, covered, None)
    except HTTPMessageSignaturesException:
        return


def _sign(
    message: Request | Answer, key: HttpKey, created_s: int, covered: list[str], nonce: str | None
) -> None:
    keys = MappingKeyResolver(public_keys={}, private_keys={key.key_id: key.private})
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=keys)
    signer.sign(
        message,
        key_id=key.key_id,
        created=datetime.fromtimestamp(created_s, UTC),
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=covered,
        use_existing_digest="content-digest" in message.headers,
    )
