"""An organisation's certificate: what is taken, and what is refused with which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from tests.trust.credentials.authorities import Authority, Key, key_pem
from tests.trust.outputs import Shelf, provenance

from gioconda.errors import TrustError
from gioconda.trust.credentials.certificates import CLAIM_SIGNING, DOCUMENT_SIGNING
from gioconda.trust.credentials.keys import configure, identity, settings
from gioconda.trust.credentials.organisation import set_organisation
from gioconda.trust.credentials.reading import read_credentials
from gioconda.trust.seal import seal


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority()


def given(folder: Path, chain: bytes, key: bytes) -> tuple[Path, Path]:
    (folder / "chain.pem").write_bytes(chain)
    (folder / "key.pem").write_bytes(key)
    return folder / "chain.pem", folder / "key.pem"


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "es256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (rsa.generate_private_key(65537, 2048), "ps256"),
    ],
    ids=["P-256", "P-384", "Ed25519", "RSA"],
)
def test_every_kind_of_key_signs(
    home: Path, tmp_path: Path, shelf: Shelf, root: Authority, key: Key, algorithm: str
) -> None:
    chain, secret = root.signer(key)
    set_organisation(*given(tmp_path, chain + root.pem, secret))
    assert identity().algorithm == algorithm
    path = shelf.copy(".png", tmp_path)
    seal(path, ".png", provenance())
    found = read_credentials(path, ".png")
    assert (found.status, found.own) == ("trusted", True)
    assert (found.signer, found.issuer) == ("Uffizi Press", "Uffizi Root")


def test_an_intermediate_is_taken_in_order(
    home: Path, tmp_path: Path, shelf: Shelf, root: Authority
) -> None:
    middle = Authority("Uffizi Intermediate", root)
    chain, key = middle.signer()
    set_organisation(*given(tmp_path, chain + middle.pem + root.pem, key))
    path = shelf.copy(".png", tmp_path)
    seal(path, ".png", provenance())
    assert read_credentials(path, ".png").status == "trusted"


def test_a_signer_of_the_same_organisation_elsewhere_is_not_ours(
    home: Path, tmp_path: Path, shelf: Shelf, root: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shelf.copy(".png", tmp_path)
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "elsewhere"))
    chain, key = root.signer()
    set_organisation(*given(tmp_path, chain + root.pem, key))
    seal(path, ".png", provenance())
    monkeypatch.setenv("GIOCONDA_HOME", str(home))
    chain, key = root.signer()
    set_organisation(*given(tmp_path, chain + root.pem, key))
    found = read_credentials(path, ".png")
    assert (found.status, found.own) == ("trusted", False)


def test_one_can_go_back_and_forth(home: Path, tmp_path: Path, root: Authority) -> None:
    own = identity()
    chain, key = root.signer()
    found = set_organisation(*given(tmp_path, chain + root.pem, key))
    assert identity().key == found.key
    configure(organisation=False)
    assert identity().key == own.key
    assert not settings().organisation


def wrong(root: Authority, how: str) -> tuple[bytes, bytes]:
    chain, key = root.signer()
    match how:
        case "another's key":
            return chain + root.pem, root.signer()[1]
        case "upside down":
            return root.pem + chain, key
        case "another's issuer":
            return chain + Authority("Louvre Root").pem, key
        case "expired":
            chain, key = root.signer(days=(-400, -30))
        case "not yet":
            chain, key = root.signer(days=(30, 400))
        case "for servers":
            chain, key = root.signer(purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
        case "for nothing":
            chain, key = root.signer(purposes=None)
        case "an authority's":
            return root.pem, key_pem(root.key)
        case "an encrypted key":
            secret = ec.generate_private_key(ec.SECP256R1())
            return root.signer(secret)[0] + root.pem, key_pem(secret, b"secret")
        case "a small key":
            chain, key = root.signer(rsa.generate_private_key(65537, 1024))
        case "a curve":
            chain, key = root.signer(ec.generate_private_key(ec.SECP256K1()))
        case "no certificate":
            return b"hello", key
        case "no key":
            return chain + root.pem, b"hello"
        case "what readers refuse":
            chain, key = root.signer(names_its_issuer=False)
    return chain + root.pem, key


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("another's key", r"key\.pem' does not fit the certificate of 'Uffizi Press'"),
        ("upside down", r"chain\.pem' is out of order: the signer's certificate comes first"),
        ("another's issuer", r"out of order: .*Press' was not issued by .*Louvre Root'"),
        ("expired", r"Press' expired on \d{4}-\d\d-\d\d; set another"),
        ("not yet", r"Press' is valid only from \d{4}-\d\d-\d\d on"),
        ("for servers", r"not meant for signing documents: .*emailProtection"),
        ("for nothing", r"not meant for signing documents"),
        ("an authority's", r"Root' is an authority's; a signer's certificate is needed"),
        ("an encrypted key", r"key\.pem' is encrypted; decrypt it"),
        ("a small key", r"of a kind that C2PA does not take"),
        ("a curve", r"of a kind that C2PA does not take"),
        ("no certificate", r"chain\.pem' holds no certificates"),
        ("no key", r"key\.pem' holds no private key"),
        (
            "what readers refuse",
            r"trial signature .* 'Uffizi Press' fails: .*certificate is invalid",
        ),
    ],
)
def test_a_wrong_certificate_is_refused_in_one_sentence(
    home: Path, tmp_path: Path, root: Authority, how: str, said: str
) -> None:
    own = identity()
    with pytest.raises(TrustError, match=said) as caught:
        set_organisation(*given(tmp_path, *wrong(root, how)))
    assert "\n" not in str(caught.value)
    assert identity().key == own.key
    assert not list((home / "credentials").glob("organisation*"))


def test_a_missing_file_is_named(home: Path, tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=r"nowhere\.pem' cannot be read"):
        set_organisation(tmp_path / "nowhere.pem", tmp_path / "nowhere.key")


@pytest.mark.parametrize("purpose", [DOCUMENT_SIGNING, CLAIM_SIGNING])
def test_the_purposes_of_the_trust_list_are_taken(
    home: Path, tmp_path: Path, shelf: Shelf, root: Authority, purpose: ObjectIdentifier
) -> None:
    chain, key = root.signer(purposes=[purpose])
    set_organisation(*given(tmp_path, chain + root.pem, key))
    path = shelf.copy(".png", tmp_path)
    seal(path, ".png", provenance())
    assert read_credentials(path, ".png").status == "trusted"


def test_an_expired_certificate_signs_nothing(
    home: Path, tmp_path: Path, shelf: Shelf, root: Authority
) -> None:
    """It is checked again at each signature; the file is left without a seal, and a way is told."""
    chain, key = root.signer()
    set_organisation(*given(tmp_path, chain + root.pem, key))
    old, old_key = root.signer(days=(-400, -30))
    (home / "credentials" / "organisation.pem").write_bytes(old + root.pem)
    (home / "credentials" / "organisation.key").write_bytes(old_key)
    path = shelf.copy(".png", tmp_path)
    before = path.read_bytes()
    with pytest.raises(TrustError, match=r"expired on .*gioconda trust init --own"):
        seal(path, ".png", provenance())
    assert path.read_bytes() == before
