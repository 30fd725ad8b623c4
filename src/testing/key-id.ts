import { backend } from "#crypto";
import { toHex } from "./material.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const MULTI_REGION = /^mrk-[0-9a-f]{32}$/;
const ARN = /^arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):(key|alias)\/(.+)$/;

/** The ARN of a key or an alias, in parts. `resource` is `key/...` or `alias/...`. */
export interface KmsArn {
  readonly region: string;
  readonly accountId: string;
  readonly kind: "key" | "alias";
  readonly resource: string;
}

export const isKeyId = (text: string): boolean => UUID.test(text) || MULTI_REGION.test(text);
export const isMultiRegionId = (text: string): boolean => MULTI_REGION.test(text);

export function parseArn(text: string): KmsArn | null {
  const match = ARN.exec(text);
  if (match === null) return null;
  const [, , region = "", accountId = "", kind, name = ""] = match;
  return kind === "key"
    ? { region, accountId, kind, resource: `key/${name}` }
    : { region, accountId, kind: "alias", resource: `alias/${name}` };
}

export function formatArn(region: string, accountId: string, resource: string): string {
  const partition = region.startsWith("cn-") ? "aws-cn" : region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  return `arn:${partition}:kms:${region}:${accountId}:${resource}`;
}

export function newUuid(): string {
  const bytes = backend.randomBytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return keyIdFromBytes(bytes, false);
}

export function newMultiRegionId(): string {
  return keyIdFromBytes(backend.randomBytes(16), true);
}

export function keyIdFromBytes(bytes: Uint8Array, multiRegion: boolean): string {
  const hex = toHex(bytes);
  return multiRegion ? `mrk-${hex}` : hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function keyIdToBytes(id: string): Uint8Array {
  const hex = id.replace(/^mrk-/, "").replaceAll("-", "");
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
