import type { PeerKeyring } from "../peers/clients.ts";

/** Provider and name of each wrapping key, in the order in which a message has to hold them. */
export function wrappingKeysOf(spec: PeerKeyring): { providerId: string; name: string }[] {
  switch (spec.type) {
    case "raw-aes":
    case "raw-rsa":
      return [{ providerId: spec.namespace, name: spec.name }];
    case "kms":
      return [{ providerId: "aws-kms", name: spec.keyId }];
    case "multi":
      return [...(spec.generator ? [spec.generator] : []), ...spec.children].flatMap(wrappingKeysOf);
    case "kms-discovery":
      return [];
  }
}
