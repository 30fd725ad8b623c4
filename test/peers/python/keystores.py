"""Branch key stores and hierarchical keyrings of the material providers library."""
import json

from aws_cryptographic_material_providers.keystore import KeyStore
from aws_cryptographic_material_providers.keystore.config import KeyStoreConfig
from aws_cryptographic_material_providers.keystore.models import (
    CreateKeyInput,
    Discovery,
    GetActiveBranchKeyInput,
    GetBeaconKeyInput,
    GetBranchKeyVersionInput,
    KMSConfigurationDiscovery,
    KMSConfigurationKmsKeyArn,
    KMSConfigurationKmsMRKeyArn,
    KMSConfigurationMrDiscovery,
    MRDiscovery,
    VersionKeyInput,
)
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsHierarchicalKeyringInput

import keyrings
from lines import b64

stores = {}

CONFIGURATIONS = {
    "keyArn": KMSConfigurationKmsKeyArn,
    "mrkArn": KMSConfigurationKmsMRKeyArn,
    "discovery": lambda _: KMSConfigurationDiscovery(Discovery()),
    "mrDiscovery": lambda region: KMSConfigurationMrDiscovery(MRDiscovery(region=region)),
}


def store(spec):
    kept = json.dumps(spec, sort_keys=True)
    if kept not in stores:
        [(kind, value)] = spec["choice"].items()
        stores[kept] = KeyStore(
            KeyStoreConfig(
                ddb_table_name=spec["tableName"],
                logical_key_store_name=spec["logicalName"],
                kms_configuration=CONFIGURATIONS[kind](value),
                ddb_client=keyrings.client("dynamodb", spec["dynamoDb"]),
                kms_client=keyrings.client("kms", spec["kms"], spec["region"]),
            )
        )
    return stores[kept]


def hierarchy(spec):
    return keyrings.providers.create_aws_kms_hierarchical_keyring(
        CreateAwsKmsHierarchicalKeyringInput(
            key_store=store(spec["store"]),
            branch_key_id=spec["branchKeyId"],
            # The default cache refuses ten seconds and less. A test that wants a cold keyring asks for a fresh one.
            ttl_seconds=600,
        )
    )


keyrings.MAKERS["hierarchy"] = hierarchy


def create(request):
    created = store(request["store"]).create_key(
        CreateKeyInput(
            branch_key_identifier=request.get("branchKeyId"),
            encryption_context=request.get("encryptionContext"),
        )
    )
    return {"branchKeyId": created.branch_key_identifier}


def version(request):
    store(request["store"]).version_key(VersionKeyInput(branch_key_identifier=request["branchKeyId"]))
    return {}


def read(request):
    """The active version, or the one that is named."""
    keys, of = store(request["store"]), request["branchKeyId"]
    if "version" in request:
        query = GetBranchKeyVersionInput(branch_key_identifier=of, branch_key_version=request["version"])
        materials = keys.get_branch_key_version(query).branch_key_materials
    else:
        materials = keys.get_active_branch_key(GetActiveBranchKeyInput(branch_key_identifier=of)).branch_key_materials
    return {
        "version": materials.branch_key_version,
        "encryptionContext": dict(materials.encryption_context),
        "key": b64(materials.branch_key),
    }


def beacon(request):
    query = GetBeaconKeyInput(branch_key_identifier=request["branchKeyId"])
    return {"key": b64(store(request["store"]).get_beacon_key(query).beacon_key_materials.beacon_key)}
