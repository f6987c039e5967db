"""What was lost is said once, by reason, and only while there is news."""

from __future__ import annotations

from dataclasses import replace

from replay.record.loss_news import LossNews, sentence
from unit.record.test_record_metrics import ACCOUNT


def test_losses_are_told_once() -> None:
    """What stands at the first look is news; the same account again is none; what grew is told alone."""
    news = LossNews()
    assert news.since_last(ACCOUNT) == {"queue-full": 2, "refused": 1, "writer-dead": 1}
    assert news.since_last(ACCOUNT) == {}
    assert news.since_last(replace(ACCOUNT, dropped=(("queue-full", 9), ("writer-dead", 1)))) == {"queue-full": 7}


def test_a_count_that_goes_back_is_no_news() -> None:
    """The writer's counts start anew in another file: nothing negative is told, and nothing twice."""
    news = LossNews()
    news.since_last(ACCOUNT)
    assert news.since_last(replace(ACCOUNT, dropped=(), refused=())) == {}
    assert news.since_last(ACCOUNT) == {}


def test_the_sentence_has_total_and_reasons() -> None:
    told = sentence({"not-stored": 20, "queue-full": 7}, 60.0)
    assert told == "in the last 60 s, 27 exchanges were not recorded: 20 not-stored, 7 queue-full"
