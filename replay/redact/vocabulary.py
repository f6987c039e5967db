"""What names tell: which keys hold secrets, which hold words from a closed list, which path words are routes.

The lists are the built-in form; a learned vocabulary replaces or extends them at this one place.

Rule: a list may make a value *less* readable by mistake, never more: everything that is on no list is pseudonymised.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from replay.model.endpoint import is_id_like
from replay.redact import known_words
from replay.redact.quantities import MEASURES, fingerprint_words, is_amount, is_count, is_time


class KeyRole(StrEnum):
    """What a name says about the values under it."""

    PLAIN = "plain"
    QUANTITY = "quantity"  # an amount: of money, bytes, milliseconds
    COUNT = "count"  # a number that counts or measures
    TIME = "time"
    ENUM = "enum"  # one word of a closed list
    MEASURE = "measure"  # such a word, or a number: size, level
    WORDS = "words"  # several such words: sort orders, field lists
    SCOPES = "scopes"  # the same, with blanks between (RFC 6749 section 3.3)
    SECRET = "secret"  # noqa: S105 (a role); masked with a constant: equality of low-entropy secrets must not show
    TOKEN = "token"  # noqa: S105 (a class)
    NAME = "name"
    PHONE = "phone"
    NUMBER = "number"  # a number that names a person: social security, passport, account
    BIRTH = "birth"
    GEO = "geo"


def listed(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


_PERSONAL_ROLES = (KeyRole.SECRET, KeyRole.TOKEN, KeyRole.PHONE, KeyRole.NUMBER, KeyRole.BIRTH, KeyRole.GEO)
_SECRET = listed(
    """password passwd pwd pass userpass dbpass passphrase passcode pin pincode cvv cvc cvv2 cvc2 csc cvn otp totp
    onetimecode onetimepassword mfacode tfacode twofactorcode verificationcode smscode securitycode securityanswer
    secretanswer passwordconfirmation confirmpassword passwordconfirm passwordagain"""
)
_SECRET_ENDS = ("password", "passwd", "passphrase", "passcode")
_TOKEN = listed(
    """token secret apikey auth authorization session sessionid sess sid jsessionid phpsessid csrf xsrf sig signature
    hmac nonce credential credentials privatekey accesskey secretkey clientsecret"""
)
_TOKEN_ENDS = ("token", "secret", "apikey", "accesskey", "secretkey", "sessionid", "signature", "credential", "cookie")
_PHONE = listed("phone mobile tel telephone msisdn fax cell cellphone handy phonenumber mobilenumber")
_PHONE_ENDS = ("phone", "phonenumber", "mobilenumber", "faxnumber", "msisdn")
_NUMBER = listed(
    """ssn sin nino bsn cpf cnpj nif nie dni pesel curp rfc tin itin ein vat vatnumber vatid taxid taxnumber taxpayerid
    nationalid nationalnumber personalid personalnumber personnummer socialsecurity socialsecuritynumber
    passport passportnumber passportno idnumber idcard identitynumber driverlicense driverslicense licensenumber
    medicalrecordnumber mrn patientid insurancenumber card cardnumber cardno pan creditcard creditcardnumber ccnumber
    accountnumber accountno bankaccount iban bic swift routingnumber sortcode"""
)
_SECRET_WORDS = listed("password passwd pwd passphrase passcode pin cvv cvc csc cvn otp totp")
_OF_SECRETS = listed("code value input field number no num digit digits part confirm again old new current last four")
_TAILS = {
    KeyRole.SECRET: _OF_SECRETS,
    KeyRole.BIRTH: listed("day month year date d m y dd mm yy yyyy"),
    KeyRole.PHONE: listed("part prefix suffix area line"),
    KeyRole.NUMBER: listed("part digits last first four area group serial"),
}
_BIRTH = listed("dob birth birthday birthdate birthyear dateofbirth bornon born yearofbirth")
_GEO = listed("lat lon lng long latitude longitude")
_ENUM = listed(
    """error typename errorcode httpmethod xhttpmethodoverride alg typ gradetype roles permissions statuses types kinds
    grants channels samesite responsemode prompt display op operationname"""
)
_ENUM_WORDS = listed(
    """status state type kind role currency sort order direction dir lang language locale unit units method visibility
    country mode level severity priority category format encoding algorithm protocol scheme brand action event reason
    stage phase tier plan color size interval frequency weekday"""
)
_WORDS = listed("sort sortby order orderby ordering fields include includes expand embed columns select")
_SCOPES = listed("scope scopes")
_ERROR_PARENTS = listed("error errors fault problem")

_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LETTER_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.:\[\]-]{0,63}")
_LINKED_DATA = listed("@id @type @context @graph @value @language @list @set @vocab @base")
_STRUCTURAL_PIECE = re.compile(r"[A-Za-z]+\d{0,2}|\d{1,2}|")
_HEX = re.compile(r"[0-9a-f]{8,}", re.IGNORECASE)
_BETWEEN_PIECES = re.compile(r"[^\w-]+")
_SMALL_NUMBER = re.compile(r"[+-]?\d{1,8}|(?:1[2-9]|20)\d{8}(?:\d{3}|\d{6}|\d{9})?")  # or epoch time, see detectors
_DIGIT_LED = re.compile(r"\d{1,4}(?:[_-]?[A-Za-z]{1,12}|[x_-]\d{1,4})?")  # 2fa, 404_count, 640x480, 0-10
_DIGIT_GROUPS = re.compile(r"\d{2,}(?:[.:_-]\d{2,})*")  # single digits are those of versions and OIDs
_MOST_DIGITS = 8
_ADDRESS = re.compile(
    r"(?<!\w)(?<!\d\.)(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"
    r"|(?<![A-Za-z0-9])(?=[A-Fa-f:]{0,40}\d)(?:[0-9A-Fa-f]{1,4}::?){3,7}[0-9A-Fa-f]{1,4}(?![A-Za-z0-9])"
)
_ENUM_VALUE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,23}")
# Commas only: with blanks between them words are a sentence ("order": "call Ingrid Berg").
_WORD = r"[+-]?[A-Za-z][A-Za-z_.]{0,40}(?:[: ](?:asc|desc|ASC|DESC))?"
_WORDS_VALUE = re.compile(rf"{_WORD}(?:, ?{_WORD}){{0,20}}")
_SCOPES_VALUE = re.compile(r"[a-z][A-Za-z_.:-]{0,40}(?:[ ,][a-z][A-Za-z_.:-]{0,40}){0,20}")
LITERALS = frozenset(("", "true", "false", "null", "undefined", "none", "nil", "nan", "yes", "no", "on", "off", "-"))

_ROUTE = re.compile(
    r"[a-z]+(?:[_-][a-z]+)*-?\d?(?:\.(?:json|xml|html?|js|css|php|aspx?|txt|csv|ico|svg|png))?"
    r"|[a-z]{2,}(?:[A-Z][a-z]{2,})+|v\d{1,3}(?:\.\d+)?|\.well-known|"
)
PEOPLE = listed(
    """users user people person persons members member customers customer accounts account profiles profile tenants
    tenant orgs org organizations organization organisations organisation companies company clients client employees
    employee patients patient students student teachers teacher authors author contacts contact teams team workspaces
    workspace merchants merchant owners owner sellers seller friends followers t u o w"""
)
VERBS = listed(
    """me self current search find query new create add edit update delete remove login logout signin signout signup
    register registration invite invites invitations import export count counts stats summary list all batch bulk
    verify confirm activate deactivate reset forgot password passwords token tokens session sessions settings
    preferences profile profiles avatar roles role permissions groups group status health validate check lookup
    autocomplete suggest filter archive restore merge sync by-id by-email whoami info details orders notifications
    recover refresh exists available recent active default switch join leave"""
)
ID_PREFIXES = listed(
    """usr user u ten tenant org acc acct account cus cust customer ord order inv invoice prod product sub pay pi ch txn
    tx tr evt event sess session req request course crs enr item doc file msg team proj project role grp group job task
    cart cat ref trace span id obj res"""
)
VENDOR_PREFIXES = listed(
    "sk pk rk ghp gho ghu ghs ghr glpat npm pypi hf dop doo dor shpat shpss xoxb xoxp xoxa xoxr whsec key sg eaa"
)


# The IANA registry of HTTP methods without the rarest, and three in use: a client may send any word as a method.
METHODS = listed(
    """GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT QUERY PROPFIND PROPPATCH MKCOL MKCALENDAR COPY MOVE LOCK
    UNLOCK SEARCH REPORT ACL BIND UNBIND REBIND LINK UNLINK CHECKIN CHECKOUT MERGE VERSION-CONTROL PURGE BAN LIST"""
)


def words_of(name: str) -> list[str]:
    """`firstName`, `first_name` and `filter[first-name]` are first, name."""
    bare = name.removesuffix("]")
    last = re.split(r"[\[.]", bare)[-1] or bare
    return [part.lower() for part in _PARTS.findall(last)]


@lru_cache(maxsize=8192)
def role_of(name: str, in_error: bool = False) -> KeyRole:
    """What `name` says about its values. `in_error`: it stands inside an error object, where `code` is a word."""
    words = words_of(name)
    if words[:1] == ["x"]:
        words = words[1:]
    flat = "".join(words)
    last = words[-1] if words else ""
    for role, exact, ends in (
        (KeyRole.SECRET, _SECRET, _SECRET_ENDS),
        (KeyRole.BIRTH, _BIRTH, ("birthdate", "birthday", "dateofbirth")),
        (KeyRole.PHONE, _PHONE, _PHONE_ENDS),
        (KeyRole.NUMBER, _NUMBER, ("ssn", "cardnumber", "accountnumber", "passportnumber", "iban")),
        (KeyRole.GEO, _GEO, ("latitude", "longitude")),
        (KeyRole.WORDS, _WORDS, ()),
        (KeyRole.SCOPES, _SCOPES, ()),
        (KeyRole.TOKEN, _TOKEN, _TOKEN_ENDS),
        (KeyRole.ENUM, _ENUM, ()),
    ):
        if flat in exact or (ends and flat.endswith(ends)):
            return KeyRole.MEASURE if flat == "errorcode" else role
        if role in _TAILS and _names_part(words, exact, ends, _TAILS[role]):
            return role
    if last in _ENUM_WORDS or (in_error and last == "code"):
        return KeyRole.MEASURE if last in MEASURES or last == "code" else KeyRole.ENUM
    if last.endswith("name") or flat in ("login", "nickname", "surname"):
        return KeyRole.NAME
    return _counting(words)


def _counting(words: list[str]) -> KeyRole:
    if is_amount(words):
        return KeyRole.QUANTITY
    if is_count(words):
        return KeyRole.COUNT
    return KeyRole.TIME if is_time(words) else KeyRole.PLAIN


def _names_part(words: list[str], exact: frozenset[str], ends: tuple[str, ...], tails: frozenset[str]) -> bool:
    """True for `ssn1`, `card_pin`, `cvv_code`, `password2`: a personal name with a number or a word behind it."""
    for end in range(len(words), 0, -1):
        head = "".join(words[:end])
        if (
            head in exact
            or (ends and head.endswith(ends))
            or (tails is _OF_SECRETS and words[end - 1] in _SECRET_WORDS)
        ):
            return True
        if not (words[end - 1].isdigit() or words[end - 1] in tails):
            return False
    return False


@lru_cache(maxsize=8192)
def is_password_name(name: str) -> bool:
    """True when everything below `name` is a password's: `{"newPassword": {"value": 4711}}`."""
    return role_of(name) is KeyRole.SECRET and "".join(words_of(name)).endswith(_SECRET_ENDS)


def is_error_parent(name: str) -> bool:
    return name.lower() in _ERROR_PARENTS


@lru_cache(maxsize=8192)
def is_structural(word: str) -> bool:
    """True for words a programmer writes (`addressLine1`, `sha_2`), false for what a generator makes.

    Needed because by shape alone `addressLine1` is as id-like as a token of twelve characters.
    """
    if _HEX.fullmatch(word) and any(char.isdigit() for char in word):
        return False
    if not all(_STRUCTURAL_PIECE.fullmatch(piece) for piece in re.split(r"[_.:$\[\]-]", word)):
        return False
    runs = _LETTER_RUNS.findall(word)
    return len(runs) < 4 or sum(map(len, runs)) / len(runs) >= 2.5


def looks_like_data(word: str) -> bool:
    """True when `word` or a piece of it names one thing: the 829893102 of `user:829893102` as if it stood alone."""
    if "@" in word or _ADDRESS.search(word) or any(map(_is_long_number, _DIGIT_GROUPS.findall(word))):
        return True
    return any(map(_is_data_piece, _BETWEEN_PIECES.split(word)))


def _is_long_number(groups: str) -> bool:
    """True for 123-45-6789, though each group is short."""
    return sum(map(str.isdigit, groups)) > _MOST_DIGITS and not _SMALL_NUMBER.fullmatch(groups)


def _is_data_piece(piece: str) -> bool:
    if _SMALL_NUMBER.fullmatch(piece):
        return False
    if piece[:1].isdigit() and not _DIGIT_LED.fullmatch(piece):
        return True
    return not is_structural(piece) and is_id_like(piece)


@lru_cache(maxsize=8192)
def is_plain_name(name: str) -> bool:
    """True when a JSON key, parameter, cookie or header name may stay: written by a programmer, not data."""
    if name in _LINKED_DATA:
        return True
    return bool(_NAME.fullmatch(name)) and not looks_like_data(name) and not _numbers_a_person(name)


def _numbers_a_person(name: str) -> bool:
    """True for `ssn[1234567]`: small numbers stay, save under names that make them personal."""
    pieces = [piece for piece in _BETWEEN_PIECES.split(name) if piece]
    if not any(piece.isdigit() and len(piece) > 2 for piece in pieces):
        return False
    return any(role_of(piece) in _PERSONAL_ROLES for piece in pieces)


def is_enum_word(role: KeyRole, value: str) -> bool:
    """True when `value` is a word (or words) of a closed list, at a key that holds such."""
    if role is KeyRole.ENUM or role is KeyRole.MEASURE:
        return bool(_ENUM_VALUE.fullmatch(value)) and is_structural(value)
    if role is KeyRole.SCOPES:
        return bool(_SCOPES_VALUE.fullmatch(value)) and not looks_like_data(value)
    return role is KeyRole.WORDS and bool(_WORDS_VALUE.fullmatch(value)) and not looks_like_data(value)


def is_route_word(segment: str) -> bool:
    return bool(_ROUTE.fullmatch(segment)) and not looks_like_data(segment)


def fingerprint_text() -> str:
    """All lists as one stable text, for the policy's digest."""
    lists = [
        (name, value) for name, value in sorted(globals().items()) if isinstance(value, (frozenset, tuple, re.Pattern))
    ]
    return "\n".join([*fingerprint_words(), *known_words.fingerprint_words()]) + "\n".join(
        f"{name}={value.pattern if isinstance(value, re.Pattern) else ' '.join(sorted(map(str, value)))}"
        for name, value in lists
    )
