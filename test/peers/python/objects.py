"""The S3 Encryption Client for Python, and plain S3 beside it."""
import io
import json

import boto3
from s3_encryption import S3EncryptionClient, S3EncryptionClientConfig
from s3_encryption.materials.kms_keyring import KmsKeyring
from s3_encryption.materials.materials import AlgorithmSuite, CommitmentPolicy

from keyrings import client
from lines import b64, unb64

PART = 5 * 1024 * 1024

# What a client is made for: requests that differ in other options share one.
KEPT = ("format", "commitmentPolicy", "legacyWrapping", "legacyModes", "delayedAuthentication")
encrypting = {}


def options(request):
    return request.get("options") or {}


def encryption_client(request):
    """It hooks the boto3 client that it is given: one of its own for each, never the plain one."""
    spec, chosen = request["keyring"], options(request)
    if spec["type"] != "kms":
        raise ValueError(f"4.0.0 has a KMS keyring and no other: not {spec['type']}")
    if chosen.get("instructionFile"):
        raise ValueError("4.0.0 does not write instruction files")
    kept = json.dumps([request["s3"], spec, {name: chosen.get(name) for name in KEPT}], sort_keys=True)
    if kept not in encrypting:
        hooked = boto3.client("s3", endpoint_url=request["s3"], region_name="us-east-1")
        ring = KmsKeyring(
            kms_client=client("kms", spec["endpoint"]),
            kms_key_id=spec["keyId"],
            enable_legacy_wrapping_algorithms=chosen.get("legacyWrapping", False),
        )
        encrypting[kept] = S3EncryptionClient(hooked, S3EncryptionClientConfig(ring, **configuration(chosen)))
    return encrypting[kept]


def configuration(chosen):
    result = {
        "enable_legacy_unauthenticated_modes": chosen.get("legacyModes", False),
        "enable_delayed_authentication": chosen.get("delayedAuthentication", False),
    }
    second, policy = chosen.get("format") == "V2", None
    if second:
        policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    if "commitmentPolicy" in chosen:
        policy = CommitmentPolicy[chosen["commitmentPolicy"].upper().replace("-", "_")]
    if policy is not None:
        result["commitment_policy"] = policy
    # A client that only reads has to have a suite that its policy allows, too.
    if second or policy == CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT:
        result["encryption_algorithm"] = AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF
    return result


def where(request):
    return {"Bucket": request["bucket"], "Key": request["key"]}


def context(request):
    return {"EncryptionContext": dict(request["encryptionContext"])}


def put(request):
    encryption, chosen, body = encryption_client(request), options(request), unb64(request["plaintext"])
    more = {**context(request), "Metadata": chosen.get("metadata", {})}
    if chosen.get("highLevelMultipart"):
        encryption.upload_fileobj(
            io.BytesIO(body), request["bucket"], request["key"], multipart_chunksize=PART, **more
        )
    else:
        encryption.put_object(**where(request), Body=body, **more)
    return {}


def get(request):
    chosen = options(request)
    more = {}
    if "range" in chosen:
        more["Range"] = chosen["range"]
    if "instructionFileSuffix" in chosen:
        more["InstructionFileSuffix"] = chosen["instructionFileSuffix"]
    reply = encryption_client(request).get_object(**where(request), **context(request), **more)
    return {"plaintext": b64(reply["Body"].read())}


def multipart(request):
    """The parts one after another; the last is told that it is the last."""
    encryption = encryption_client(request)
    upload = encryption.create_multipart_upload(
        **where(request), **context(request), Metadata=options(request).get("metadata", {})
    )["UploadId"]
    parts = []
    for number, part in enumerate(request["parts"], 1):
        tag = encryption.upload_part(
            **where(request),
            UploadId=upload,
            PartNumber=number,
            Body=unb64(part),
            IsLastPart=number == len(request["parts"]),
        )["ETag"]
        parts.append({"PartNumber": number, "ETag": tag})
    encryption.complete_multipart_upload(**where(request), UploadId=upload, MultipartUpload={"Parts": parts})
    return {}


def delete(request):
    encryption, chosen, keys = encryption_client(request), options(request), request["keys"]
    more = {}
    if "instructionFileSuffix" in chosen:
        more["InstructionFileSuffix"] = chosen["instructionFileSuffix"]
    if len(keys) == 1:
        encryption.delete_object(Bucket=request["bucket"], Key=keys[0], **more)
    else:
        objects = [{"Key": key} for key in keys]
        encryption.delete_objects(Bucket=request["bucket"], Delete={"Objects": objects}, **more)
    return {}


def raw_put(request):
    client("s3", request["s3"]).put_object(
        **where(request), Body=unb64(request["body"]), Metadata=request["metadata"]
    )
    return {}


def raw_get(request):
    reply = client("s3", request["s3"]).get_object(**where(request))
    return {"metadata": reply["Metadata"], "body": b64(reply["Body"].read())}


def raw_list(request):
    pages = client("s3", request["s3"]).get_paginator("list_objects_v2").paginate(Bucket=request["bucket"])
    return {"keys": [entry["Key"] for page in pages for entry in page.get("Contents", [])]}


def create_bucket(request):
    client("s3", request["s3"]).create_bucket(Bucket=request["bucket"])
    return {}
