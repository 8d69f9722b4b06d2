"""The CRC-32 of a whole from those of its parts, without its bytes."""

from __future__ import annotations

# x^32 + x^26 + ... + 1 (IEEE 802.3) with its bits reflected, as zlib reads them.
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31


class JoinedCrc32:
    """Parts' checksums, added in their order.

    Appending ``n`` bytes multiplies what came before by x^(8n) modulo the polynomial; most parts have the same
    length, so that each power is worked out once.
    """

    def __init__(self) -> None:
        self.value = 0
        self._powers: dict[int, int] = {}

    def add(self, crc32: int, size_bytes: int) -> None:
        power = self._powers.get(size_bytes)
        if power is None:
            power = self._powers[size_bytes] = _power_of_x(8 * size_bytes)
        self.value = _multiply(power, self.value) ^ crc32


def _multiply(left: int, right: int) -> int:
    """Product of two polynomials modulo the polynomial, bits reflected."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = (left << 1) & 0xFFFFFFFF
        right = (right >> 1) ^ _POLYNOMIAL if right & 1 else right >> 1
    return product


def _power_of_x(exponent: int) -> int:
    power, square = _ONE, _ONE >> 1
    while exponent:
        if exponent & 1:
            power = _multiply(power, square)
        square = _multiply(square, square)
        exponent >>= 1
    return power
