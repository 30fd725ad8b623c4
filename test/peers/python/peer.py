"""The official AWS clients for Python behind JSON lines: Encryption SDK 4.0.7, S3 Encryption Client 4.0.0, boto3."""
from lines import b64, own_stdout, serve, unb64

protocol = own_stdout()

import io

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy

import keyrings
import keystores
import objects


def materials(request):
    """A keyring, or a required-context manager over it."""
    if "requiredKeys" in request:
        return {"materials_manager": keyrings.required_context(request["keyring"], request["requiredKeys"])}
    return {"keyring": keyrings.keyring(request["keyring"])}


def esdk(request):
    policy = CommitmentPolicy[request["commitmentPolicy"].upper().replace("-", "_")]
    # The limit of keyfold is set by the tests that are about it; the official default has none.
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)


def encrypt(request):
    """A frame length of 0 writes a non-framed message."""
    options = {
        **materials(request),
        "encryption_context": request["encryptionContext"],
        "algorithm": AlgorithmSuite.get_by_id(request["suite"]),
        "frame_length": request["frameLength"],
    }
    plaintext = unb64(request["plaintext"])
    if not request.get("stream"):
        ciphertext, _ = esdk(request).encrypt(source=plaintext, **options)
        return {"ciphertext": b64(ciphertext)}
    with esdk(request).stream(mode="e", source=io.BytesIO(plaintext), **options) as stream:
        return {"ciphertext": b64(b"".join(stream))}


def decrypt(request):
    # The context is what the required-context manager is given back, and is compared by the default one.
    options = {**materials(request), "encryption_context": request["encryptionContext"]}
    source = unb64(request["ciphertext"])
    if not request.get("stream"):
        plaintext, header = esdk(request).decrypt(source=source, **options)
        return opened(plaintext, header)
    with esdk(request).stream(mode="d", source=io.BytesIO(source), **options) as stream:
        return opened(b"".join(stream), stream.header)


def opened(plaintext, header):
    return {
        "plaintext": b64(plaintext),
        "encryptionContext": dict(header.encryption_context),
        "suite": header.algorithm.algorithm_id,
        "encryptedDataKeys": len(header.encrypted_data_keys),
    }


def boto(request):
    """Any call of a boto3 client, such as create_key of kms. Parameters under `bytes` are base64."""
    call = getattr(keyrings.client(request["service"], request["endpoint"]), request["call"])
    binary = {name: unb64(value) for name, value in request.get("bytes", {}).items()}
    return plain(call(**request.get("parameters", {}), **binary))


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return {"base64": b64(value)}
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


OPERATIONS = {
    "encrypt": encrypt,
    "decrypt": decrypt,
    "boto": boto,
    "keyStore.create": keystores.create,
    "keyStore.version": keystores.version,
    "keyStore.read": keystores.read,
    "keyStore.beacon": keystores.beacon,
    "s3.createBucket": objects.create_bucket,
    "s3.put": objects.put,
    "s3.get": objects.get,
    "s3.multipart": objects.multipart,
    "s3.delete": objects.delete,
    "s3.rawList": objects.raw_list,
    "s3.rawPut": objects.raw_put,
    "s3.rawGet": objects.raw_get,
}

serve(protocol, lambda request: OPERATIONS[request["op"]](request))
