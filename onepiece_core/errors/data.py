"""Names, paths, sequences, manifests, media, cuts: what somebody gave us to read."""

from __future__ import annotations

from onepiece_core.errors.base import OnePieceError


class NameInvalid(OnePieceError):
    code = "naming.invalid"


class PathEscapes(OnePieceError):
    """A path that would leave its root."""

    code = "paths.escapes"


class SequenceError(OnePieceError):
    code = "sequences.invalid"


class PaddingsMixed(SequenceError):
    """One frame is there twice, with two paddings."""

    code = "sequences.two_paddings"
    hint = "Keep one of the two files and move the other away."


class ManifestError(OnePieceError):
    code = "manifest.invalid"


class ManifestMissing(ManifestError):
    code = "manifest.missing"


class MediaError(OnePieceError):
    code = "media.invalid"


class MediaTruncated(MediaError):
    code = "media.truncated"
    hint = "The file was cut short: render or copy it again."


class MediaEmpty(MediaError):
    code = "media.empty"
    hint = "The file holds no bytes: render or copy it again."


class EditorialError(OnePieceError):
    code = "editorial.invalid"
