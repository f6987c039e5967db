"""The words in which redaction speaks of an exchange: its sides, the classes of its values, what is done to them."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    REQUEST = "request"
    RESPONSE = "response"


class ValueClass(StrEnum):
    """What a value is taken for; it chooses the stand-in."""

    KEPT = "kept"  # number, time, word of a closed list, our own stand-in
    EMAIL = "email"
    UUID = "uuid"
    JWT = "jwt"
    CARD = "card"
    IBAN = "iban"
    PHONE = "phone"
    IP = "ip"
    HOST = "host"
    DIGITS = "digits"  # a number that names a person or opens a door
    LONG = "long-number"  # nine digits and more: no count and no row id, but an account, a phone, a national number
    ID = "id"  # five digits and more, of the one domain in which each number has one stand-in
    DATE = "date"  # old or far, see old_dates
    BIRTH = "birth"
    GEO = "geo"
    PASSWORD = "password"  # noqa: S105 (a class)
    TOKEN = "token"  # noqa: S105 (a class)
    NAME = "name"
    TEXT = "text"
    URL = "url"  # from here on: text that holds other values
    JSON = "json"
    BASE64 = "base64"
    PERCENT = "percent"
    CREDENTIALS = "credentials"
    BODY = "body"  # a whole body of a type that nobody here reads, or that a rule leaves out
    UNREADABLE = "unreadable-body"  # it is not what its type says, does not end, or has too many parts
    CUT = "cut-body"  # the recording saw a part of it
    TOO_COSTLY = "too-costly-body"  # to redact it would take more work than its length allows
    FIELD = "field"  # a whole header field or attribute
    FIELD_NAME = "field-name"  # a name that nobody knows: a service does not understand its stand-in


class Action(StrEnum):
    """What is done to a value; the strictest first."""

    DROP = "drop"  # it is not there
    MASK = "mask"  # a constant
    HASH = "hash"  # a keyed hash: equal values are still equal
    PSEUDONYMISE = "pseudonymise"  # a stand-in of the same shape
    GENERALISE = "generalise"  # the same value, coarser
    KEEP = "keep"
