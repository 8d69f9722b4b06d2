"""AWS's own C client (awscrt), driven through s3transfer without boto3.

boto3's switch to it builds its requests without the endpoint, so that nothing but AWS itself can be reached.
"""

from __future__ import annotations

from typing import Any

from onepiece_core.errors import ExtraMissing
from onepiece_core.storage.s3.client import Target


class CrtTransfers:
    """Uploads and downloads of whole files; used by one thread. Raises ExtraMissing when awscrt is not there."""

    def __init__(self, target: Target) -> None:
        try:
            from s3transfer import crt
        except ImportError as missing:
            raise ExtraMissing(
                "the CRT engine needs awscrt",
                hint="Install it (pip install onepiece-pipeline[crt]), or use --engine auto.",
            ) from missing
        import botocore.session
        from botocore.credentials import Credentials

        keys = target.keys()
        session = botocore.session.Session()
        use_ssl = target.address.scheme == "https"
        told: dict[str, Any] = {"region_name": target.region, "use_ssl": use_ssl}
        if target.is_custom:
            told["endpoint_url"] = target.address.url
        session.set_credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        wrapper = crt.BotocoreCRTCredentialsWrapper(
            Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        )
        client = crt.create_s3_crt_client(
            target.region, crt_credentials_provider=wrapper.to_crt_credentials_provider(), use_ssl=use_ssl
        )
        self._bucket = target.bucket
        self._manager = crt.CRTTransferManager(client, crt.BotocoreCRTRequestSerializer(session, told))

    def upload(self, path: str, key: str, metadata: dict[str, str]) -> Any:
        """A future."""
        extra = {"Metadata": metadata, "ContentType": "application/octet-stream"}
        return self._manager.upload(path, self._bucket, key, extra_args=extra)

    def download(self, key: str, path: str) -> Any:
        """A future."""
        return self._manager.download(self._bucket, key, path)

    def close(self) -> None:
        self._manager.shutdown()
