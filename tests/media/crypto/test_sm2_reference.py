"""The slow reference that judges the others gets the published signatures right itself."""

from crypto_world import CASES, NATIONAL, Curve, crafted, raw, whole

SECRET = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8


def test_it_gives_every_published_and_computed_signature_from_its_nonce() -> None:
    assert len(CASES["sm2"]) == 6
    for case in CASES["sm2"]:
        private, digest = whole(raw(case["private"])), raw(case["digest"])
        public = NATIONAL.g(private)
        assert b"".join(part.to_bytes(32, "big") for part in public) == raw(case["public"])
        signature = NATIONAL.sign(private, digest, whole(raw(case["nonce"])))
        assert signature == raw(case["signature"])
        assert NATIONAL.verify(public, digest, signature)


def test_it_gives_the_published_signature_on_the_other_curve() -> None:
    (case,) = CASES["other_curve"]
    generator = raw(case["generator"])
    p, a, b, n = (whole(raw(case[name])) for name in "pabn")
    curve = Curve(p, a, b, n, (whole(generator[:32]), whole(generator[32:])))
    private, digest, signature = (raw(case[name]) for name in ("private", "digest", "signature"))
    assert curve.identity(raw(case["signer"]), raw(case["public"])) == raw(case["identity"])
    assert curve.sign(whole(private), digest, whole(raw(case["nonce"]))) == signature
    assert curve.verify(curve.g(whole(private)), digest, signature)


def test_it_rejects_another_digest_and_another_key() -> None:
    case = CASES["sm2"][0]
    digest, signature = raw(case["digest"]), raw(case["signature"])
    assert not NATIONAL.verify(NATIONAL.g(SECRET), digest[::-1], signature)
    assert not NATIONAL.verify(NATIONAL.g(SECRET + 1), digest, signature)


def test_a_crafted_signature_leads_where_it_should() -> None:
    made = crafted(NATIONAL.g(77), 5, 12)
    public = whole(made.public[:32]), whole(made.public[32:])
    assert NATIONAL.verify(public, made.digest, made.signature)
    assert whole(made.signature[:32]) == (12 + NATIONAL.g(77)[0]) % NATIONAL.n
