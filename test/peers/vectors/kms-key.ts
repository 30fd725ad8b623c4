import { createLocalKms } from "../../../src/testing/index.ts";
import type { PeerKeyring } from "../clients.ts";
import type { KmsKeyFixture } from "./format.ts";

const id = "7e57ab1e-0000-4000-8000-0b1ec7f17a1e";
const material = Buffer.from(Array.from({ length: 32 }, (_, i) => i * 5 + 3));

/** The KMS key of the kept files: always the same, so that they open again. */
export const kmsKeyFixture: KmsKeyFixture = {
  id,
  arn: `arn:aws:kms:us-east-1:111122223333:key/${id}`,
  material: material.toString("base64"),
};

/** keyfold's local KMS with that key, over loopback HTTP. */
export async function listenWithFixtureKey(): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const kms = createLocalKms({ keys: [{ id, material }] });
  const { url } = await kms.listen();
  return { endpoint: url, stop: () => kms.close() };
}

/** Endpoints die with the run: they are left empty in what is kept. */
export function withoutEndpoints(keyrings: Record<string, PeerKeyring>): Record<string, PeerKeyring> {
  return Object.fromEntries(
    Object.entries(keyrings).map(([name, ring]) => [
      name,
      ring.type === "kms" ? { ...ring, endpoint: "" } : ring,
    ]),
  );
}
