"""The sandbox studio: real servers, started and stopped."""

from __future__ import annotations

import boto3

from onepiece_server.sandbox.report import SandboxReport


def s3(report: SandboxReport):
    env = report.env
    return boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL"],
        region_name=env["AWS_REGION"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def test_a_running_studio_has_the_buckets(studio: SandboxReport):
    names = {bucket["Name"] for bucket in s3(studio).list_buckets()["Buckets"]}
    assert names == {"my-bucket", "studio-prod-data", "vendor-in", "vendor-out", "client-in", "client-out"}
