"""A user's tour of S3 with boto3, against the address given; every step asserts what AWS would answer."""

import io
import sys
import urllib.error
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
BUCKET = "boto"


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


s3.create_bucket(Bucket=BUCKET)
assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
elsewhere = boto3.client("s3", endpoint_url=sys.argv[1], region_name="eu-west-1", aws_access_key_id="t", aws_secret_access_key="t")
elsewhere.create_bucket(Bucket="boto-west", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
assert elsewhere.get_bucket_location(Bucket="boto-west")["LocationConstraint"] == "eu-west-1"
assert code(s3.head_bucket, Bucket="boto-nothing") == "404"
assert code(s3.get_bucket_tagging, Bucket=BUCKET) == "NoSuchTagSet"

KEYS = ["a", "a b", "a+b", "a%20b", "/leading", "double//slash", "trailing/", "ü/字/😀", "q?x=1&y=2#z", "quote'\"", "tilde~(x)!*"]
for key in KEYS:
    s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode(), Metadata={"k": "v"})
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() == key
listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 3}) for o in page["Contents"]]
assert listed == sorted(KEYS, key=lambda k: k.encode()), listed
versions = [o["Key"] for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 4}) for o in page["Versions"]]
assert versions == listed
assert s3.list_objects(Bucket=BUCKET, Delimiter="/")["CommonPrefixes"][0]["Prefix"] == "/"

content = bytes(range(256)) * 4096 * 20
s3.upload_fileobj(io.BytesIO(content), BUCKET, "multipart", Config=TransferConfig(multipart_threshold=6_000_000, multipart_chunksize=6_000_000))
target = io.BytesIO()
s3.download_fileobj(BUCKET, "multipart", target)
assert target.getvalue() == content
assert s3.head_object(Bucket=BUCKET, Key="multipart")["ETag"].endswith('-4"')
s3.copy({"Bucket": BUCKET, "Key": "multipart"}, BUCKET, "copy", Config=TransferConfig(multipart_threshold=6_000_000, multipart_chunksize=6_000_000))
assert s3.get_object(Bucket=BUCKET, Key="copy", Range="bytes=256-511")["Body"].read() == bytes(range(256))

assert code(s3.put_object, Bucket=BUCKET, Key="a", Body=b"", IfNoneMatch="*") == "PreconditionFailed"
url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "ü/字/😀"}, ExpiresIn=60)
assert urllib.request.urlopen(url).read().decode() == "ü/字/😀"

late = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "a"}, ExpiresIn=-1)
try:
    urllib.request.urlopen(late)
    raise AssertionError("an address was good for longer than its time")
except urllib.error.HTTPError as error:
    assert error.code == 403

removed = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in [*KEYS, "multipart", "copy"]]})
assert len(removed["Deleted"]) == len(KEYS) + 2 and "Errors" not in removed
s3.delete_bucket(Bucket=BUCKET)
print("done")
