"""Keyrings of the material providers library, made from a description and kept between requests."""
import json

import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    CreateAwsKmsDiscoveryKeyringInput,
    CreateAwsKmsKeyringInput,
    CreateDefaultCryptographicMaterialsManagerInput,
    CreateMultiKeyringInput,
    CreateRawAesKeyringInput,
    CreateRawRsaKeyringInput,
    CreateRequiredEncryptionContextCMMInput,
    DiscoveryFilter,
)

from lines import unb64

providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
clients = {}
keyrings = {}

PADDING = {
    "pkcs1": "PKCS1",
    "oaep-sha1": "OAEP_SHA1_MGF1",
    "oaep-sha256": "OAEP_SHA256_MGF1",
    "oaep-sha384": "OAEP_SHA384_MGF1",
    "oaep-sha512": "OAEP_SHA512_MGF1",
}


def client(service, endpoint, region="us-east-1"):
    kept = (service, endpoint, region)
    if kept not in clients:
        clients[kept] = boto3.client(service, endpoint_url=endpoint, region_name=region)
    return clients[kept]


def keyring(spec):
    kept = json.dumps(spec, sort_keys=True)
    if kept not in keyrings:
        keyrings[kept] = MAKERS[spec["type"]](spec)
    return keyrings[kept]


def raw_aes(spec):
    key = unb64(spec["key"])
    return providers.create_raw_aes_keyring(
        CreateRawAesKeyringInput(
            key_namespace=spec["namespace"],
            key_name=spec["name"],
            wrapping_key=key,
            wrapping_alg=f"ALG_AES{len(key) * 8}_GCM_IV12_TAG16",
        )
    )


def raw_rsa(spec):
    pem = {part: spec[part].encode("ascii") for part in ("publicKey", "privateKey") if part in spec}
    return providers.create_raw_rsa_keyring(
        CreateRawRsaKeyringInput(
            key_namespace=spec["namespace"],
            key_name=spec["name"],
            padding_scheme=PADDING[spec["padding"]],
            public_key=pem.get("publicKey"),
            private_key=pem.get("privateKey"),
        )
    )


def multi(spec):
    return providers.create_multi_keyring(
        CreateMultiKeyringInput(
            generator=keyring(spec["generator"]) if "generator" in spec else None,
            child_keyrings=[keyring(child) for child in spec["children"]],
        )
    )


def kms(spec):
    return providers.create_aws_kms_keyring(
        CreateAwsKmsKeyringInput(kms_key_id=spec["keyId"], kms_client=client("kms", spec["endpoint"]))
    )


def kms_discovery(spec):
    return providers.create_aws_kms_discovery_keyring(
        CreateAwsKmsDiscoveryKeyringInput(
            kms_client=client("kms", spec["endpoint"]),
            discovery_filter=DiscoveryFilter(partition=spec["partition"], account_ids=spec["accountIds"]),
        )
    )


def required_context(spec, keys):
    default = providers.create_default_cryptographic_materials_manager(
        CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring(spec))
    )
    # Its `keyring=` is refused at run time: it wants a manager beneath.
    return providers.create_required_encryption_context_cmm(
        CreateRequiredEncryptionContextCMMInput(underlying_cmm=default, required_encryption_context_keys=keys)
    )


MAKERS = {
    "raw-aes": raw_aes,
    "raw-rsa": raw_rsa,
    "multi": multi,
    "kms": kms,
    "kms-discovery": kms_discovery,
}
