"""Cuts Chinese text into words with jieba, whose dictionary is loaded when the first text comes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

_LOADING: Final = threading.Lock()


def cut(text: str) -> Iterable[str]:
    """Return the words of a text, in order and complete."""
    words: Iterable[str] = _tokenizer().cut(text, HMM=False)
    return words


def _tokenizer() -> Any:
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> Any:
    with warnings.catch_warnings():
        # Its sources hold escapes that Python has come to warn of; nothing of ours.
        warnings.simplefilter("ignore")
        import jieba
    tokenizer = jieba.Tokenizer()
    # By itself it would keep a cache in the folder for temporary files, where others could lay one for us.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer
