// S3 on this machine alone and in memory, so that the examples run without an account: fauxqs behind a genuine client.
// With real S3 there is `new S3Client({})`, and nothing to close.
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { buildApp } from "fauxqs";

/** Starts it, with these buckets. `close()` ends it. */
export async function startS3(...buckets) {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "EXAMPLE", secretAccessKey: "not-a-secret" },
    forcePathStyle: true,
    // fauxqs does not expect the checksums that the SDK adds for S3.
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  for (const Bucket of buckets) await client.send(new CreateBucketCommand({ Bucket }));
  return {
    client,
    close() {
      client.destroy();
      return app.close();
    },
  };
}
