"""The S3 Encryption Client for Python, and plain S3 beside it."""
import boto3
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring

from keyrings import client
from lines import b64, unb64

encrypting = {}


def encryption_client(request):
    """It hooks the boto3 client that it is given: one of its own for each key, never the plain one."""
    spec = request["keyring"]
    kept = (request["s3"], spec["endpoint"], spec["keyId"])
    if kept not in encrypting:
        hooked = boto3.client("s3", endpoint_url=request["s3"], region_name="us-east-1")
        ring = KmsKeyring(kms_client=client("kms", spec["endpoint"]), kms_key_id=spec["keyId"])
        encrypting[kept] = S3EncryptionClient(hooked, S3EncryptionClientConfig(ring))
    return encrypting[kept]


def put(request):
    encryption_client(request).put_object(
        Bucket=request["bucket"],
        Key=request["key"],
        Body=unb64(request["plaintext"]),
        EncryptionContext=dict(request["encryptionContext"]),
    )
    return {}


def get(request):
    reply = encryption_client(request).get_object(
        Bucket=request["bucket"], Key=request["key"], EncryptionContext=dict(request["encryptionContext"])
    )
    return {"plaintext": b64(reply["Body"].read())}


def raw_put(request):
    client("s3", request["s3"]).put_object(
        Bucket=request["bucket"],
        Key=request["key"],
        Body=unb64(request["body"]),
        Metadata=request["metadata"],
    )
    return {}


def raw_get(request):
    reply = client("s3", request["s3"]).get_object(Bucket=request["bucket"], Key=request["key"])
    return {"metadata": reply["Metadata"], "body": b64(reply["Body"].read())}


def create_bucket(request):
    client("s3", request["s3"]).create_bucket(Bucket=request["bucket"])
    return {}
