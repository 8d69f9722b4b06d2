"""Pages of listings as different servers write them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onepiece_core.errors import StorageError
from onepiece_core.storage.s3.client import connect
from onepiece_core.storage.s3.listing import Listed, epoch_seconds
from onepiece_core.storage.s3.store import S3Store
from tests.support.s3_proxy import Answer, http_reply, s3_proxy
from tests.support.weed import Weed

HEAD = '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
TAIL = "<IsTruncated>false</IsTruncated></ListBucketResult>"
AWS = (
    "<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag>"
    "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
SEAWEED = (
    "<Contents><Key>{key}</Key><ETag>&#34;{etag}&#34;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass>"
    "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"
)
OTHER = (
    "<Contents>\n  <Size>{size}</Size>\n  <Key>{key}</Key>\n  <Owner><ID>x</ID></Owner>\n"
    '  <ETag>"{etag}"</ETag>\n  <LastModified>2026-01-02T03:04:05.000Z</LastModified>\n</Contents>\n'
)
KEYS = [("a%2Fb+c", "a/b c"), ("plain", "plain"), ("q%26%3C", "q&<"), ("%C3%A9", "é"), ("%2B", "+"), ("n%0A", "n\n")]


@pytest.fixture
def answering(weed: Weed) -> Iterator[Callable[[str], S3Store]]:
    """A store whose server answers with this page."""
    stores: list[S3Store] = []
    with s3_proxy(weed.endpoint_url) as proxy:

        def answer(page: str) -> S3Store:
            reply = http_reply("200 OK", page.encode())
            proxy.plan = lambda _call, _before: Answer(forward=False, reply=reply)
            stores.append(connect(weed.aws.model_copy(update={"endpoint_url": proxy.url}), "bucket"))
            return stores[-1]

        yield answer
    for store in stores:
        store.close()


@pytest.mark.parametrize("form", [AWS, SEAWEED, OTHER], ids=["aws", "seaweed", "other"])
def test_a_page_is_read_whatever_the_order_of_its_elements(form: str, answering: Callable[[str], S3Store]):
    page = "".join(form.format(key=key, etag=f"e{n}", size=n) for n, (key, _) in enumerate(KEYS))
    rows = answering(HEAD + page + TAIL).list_page("").rows
    assert rows == [Listed(key, n, f"e{n}", "2026-01-02T03:04:05.000Z") for n, (_, key) in enumerate(KEYS)]
    assert epoch_seconds(rows[0].modified) == 1767323045.0


def test_a_page_of_mixed_forms_is_read_as_well(answering: Callable[[str], S3Store]):
    page = "".join(form.format(key=f"k{n}", etag="e", size=n) for n, form in enumerate((AWS, SEAWEED, OTHER)))
    assert [row.key for row in answering(HEAD + page + TAIL).list_page("").rows] == ["k0", "k1", "k2"]


@pytest.mark.parametrize(
    "page",
    [
        "<html>login</html>",
        HEAD + "<Contents><Key>a</Key></Contents>" + TAIL,
        HEAD + "<IsTruncated>true</IsTruncated></ListBucketResult>",
    ],
)
def test_what_is_no_listing_is_a_typed_error(page: str, answering: Callable[[str], S3Store]):
    with pytest.raises(StorageError):
        answering(page).list_page("")


@given(st.text(max_size=30))
@settings(max_examples=100)
def test_a_time_is_read_or_is_a_typed_error(text: str):
    try:
        epoch_seconds(text)
    except StorageError:
        return
    except OverflowError:
        pytest.fail("an untyped error")
