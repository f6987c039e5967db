"""XML: the same elements in the same order, other values; entities and what is not well-formed are never read."""

from __future__ import annotations

from base64 import b64decode, b64encode
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree as ET

import pytest

from replay.model.exchange import Exchange
from replay.redact.desk import UnreadableError
from replay.redact.lexicon import Level, Lexicon
from replay.redact.policy import Policy
from replay.redact.xml_text import rewritten_xml
from unit.redact.canary_cases import b64, exchange, grep
from unit.redact.format_desk import PSEUDONYM, desk, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
NAME = "Ingrid Halvorsen"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def sent(document: str | bytes, content_type: str = "application/xml", policy: Policy = POLICY) -> str:
    body = policy.redact(exchange(body=document, content_type=content_type)).exchange.request.body
    assert body.data, "kept"
    return body.data.decode()


def test_an_envelope_keeps_its_shape():
    """Elements, known namespaces, prefixes and blanks stay; text and attributes become stand-ins by their names."""
    document = (
        f'<s:Envelope xmlns:s="{SOAP}">\n  <s:Body><user id="829893102" status="active"><email>{EMAIL}</email>'
        "<password><value>hunter-22</value></password><page>3</page><note/></user></s:Body>\n</s:Envelope>"
    )
    wanted = document.replace(EMAIL, stand_in(EMAIL)).replace("829893102", stand_in("829893102", "id"))
    assert sent(document, "application/soap+xml") == wanted.replace("hunter-22", "Redacted-1!")


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        pytest.param(f"<a><!-- {EMAIL} --><b>1</b></a>", "<a><b>1</b></a>", id="comment"),
        pytest.param(f"<a><?pi {EMAIL}?><b>1</b></a>", "<a><b>1</b></a>", id="processing instruction"),
        pytest.param(f"<a><![CDATA[{EMAIL}]]></a>", f"<a>{stand_in(EMAIL)}</a>", id="CDATA"),
        pytest.param(
            f"<a>{EMAIL[:9]}<!-- x -->{EMAIL[9:]}</a>", f"<a>{stand_in(EMAIL)}</a>", id="halves around a comment"
        ),
        pytest.param(f"<a>{EMAIL[:9]}<![CDATA[{EMAIL[9:]}]]></a>", f"<a>{stand_in(EMAIL)}</a>", id="half in CDATA"),
        pytest.param(f"<a>{EMAIL.replace('i', '&#105;')}</a>", f"<a>{stand_in(EMAIL)}</a>", id="character references"),
        pytest.param("<a>true &lt; 7</a>", None, id="marks are written as references"),
        pytest.param("<a b='1'\n  c=\"2\"></a>", '<a b="1" c="2"/>', id="quotes and empty elements in one writing"),
    ],
)
def test_what_a_text_is_written_with_does_not_matter(document: str, wanted: str | None):
    """One value has one stand-in, and what nobody reads is not there."""
    fresh = sent(document)
    if wanted is None:
        assert "&lt;" in fresh
    else:
        assert fresh == wanted


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(f'<!DOCTYPE a [<!ENTITY x "{EMAIL}">]><a>&x;</a>', id="an entity"),
        pytest.param(f'<!DOCTYPE {EMAIL.replace("@", "_")} SYSTEM "x"><a/>', id="a document type"),
        pytest.param(f"<a>{EMAIL}", id="no end"),
        pytest.param(f"<a/>{EMAIL}", id="something behind"),
        pytest.param(f"<a b={EMAIL}/>", id="no quotes"),
        pytest.param(f"<a>&nbsp;{EMAIL}</a>", id="an unknown entity"),
        pytest.param("<a>" * 300 + EMAIL + "</a>" * 300, id="too deep"),
        pytest.param(EMAIL.encode() + b"\xff", id="no UTF-8"),
    ],
)
def test_what_is_not_well_formed_is_dropped(document: str | bytes):
    """Never kept raw: the rest of a broken document may hold anything."""
    kept = POLICY.redact(exchange(body=document, content_type="text/xml")).exchange.request.body
    assert (kept.data, kept.truncated) == (b"", True)


@pytest.mark.parametrize(
    "document", ["<a xml:halvorsen='1'/>", "<a xsi:type='Ingrid Halvorsen'/>", "<a xsi:type='b:halvorsen'/>"]
)
def test_reserved_names_let_nobody_through(document: str):
    """Of the prefix `xml` four names stay, and `xsi:type` holds a name or a value."""
    assert "alvorsen" in document
    assert "alvorsen" not in sent(document)


def test_a_code_in_an_error_is_a_word():
    """As in JSON: what a client decides by stays readable."""
    assert sent("<Error><code>not_found</code><message>7</message></Error>").startswith("<Error><code>not_found</code>")


def test_a_document_has_not_too_many_parts():
    """Work is bounded by itself, whatever the budget lets in."""
    with pytest.raises(UnreadableError):
        rewritten_xml(desk(), "<a>" + "<b/>" * 40_000 + "</a>", "body")


def test_names_that_are_data_go():
    """Elements and attributes are names like others."""
    document = "<a jane_8f3a9b2c1d7e='1'><id_829893102>1</id_829893102></a>"
    fresh = sent(document)
    assert grep(("jane_8f3a9b2c1d7e", "829893102"), fresh) == []
    assert [len(one) for one in ET.fromstring(fresh).iter()] == [1, 0]


@pytest.mark.parametrize(
    ("data", "content_type", "declared"),
    [
        pytest.param(
            '<?xml version="1.0" encoding="ISO-8859-1"?><a>Jørgen Bø</a>'.encode("latin-1"),
            "text/xml",
            "UTF-8",
            id="declared",
        ),
        pytest.param(
            "<?xml version='1.0'?><a>Jørgen Bø</a>".encode("utf-16"), "text/xml; charset=utf-16", "UTF-8", id="UTF-16"
        ),
        pytest.param(
            "<?xml version='1.0'?><a>Jørgen Bø</a>".encode("latin-1"),
            "text/xml; charset=iso-8859-1",
            "ISO-8859-1",
            id="by the type",
        ),
    ],
)
def test_any_charset_is_read(data: bytes, content_type: str, declared: str):
    """What is written says its own charset."""
    body = POLICY.redact(exchange(body=data, content_type=content_type)).exchange.request.body
    assert f'encoding="{declared}"'.encode() in body.data
    text = ET.fromstring(body.data).text
    assert text is not None
    assert (len(text), text[6]) == (9, " ")
    assert text != "Jørgen Bø"


def test_namespaces_of_others_are_values_unless_the_level_says_otherwise():
    """A host in a namespace names somebody; `balanced` keeps what looks like a name, data in it goes all the same."""
    document = '<b:a xmlns:b="http://northwind-halvorsen.test/accounts/v1"/>'
    assert "halvorsen" not in sent(document)
    balanced = Policy(PSEUDONYM, lexicon=Lexicon(Level.BALANCED))
    assert sent(document, policy=balanced) == document
    assert "829893102" not in sent(document.replace("v1", "829893102"), policy=balanced)
    learned = Policy(PSEUDONYM, lexicon=Lexicon(names=frozenset(["http://northwind-halvorsen.test/accounts/v1"])))
    assert "northwind-halvorsen" in sent(document, policy=learned)


def test_saml_in_a_form_is_read_to_its_bottom():
    """`SAMLResponse` is XML in base64 in a form; its digests and certificates are opaque."""
    document = f"<Response><NameID>{EMAIL}</NameID><Attribute><Value>{NAME}</Value></Attribute></Response>"
    planted: Exchange = exchange(
        body=urlencode({"SAMLResponse": b64encode(document.encode()), "RelayState": b64({"e": EMAIL})}),
        content_type="application/x-www-form-urlencoded",
    )
    kept = POLICY.redact(planted).exchange
    assert grep((EMAIL, NAME), kept) == []
    fresh = b64decode(parse_qs(kept.request.body.data.decode())["SAMLResponse"][0]).decode()
    assert f"<NameID>{stand_in(EMAIL)}</NameID>" in fresh
