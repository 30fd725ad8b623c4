import { readdirSync, readFileSync } from "node:fs";
import { connect as tcp } from "node:net";
import type { DecryptCommandOutput, KMSClient } from "@aws-sdk/client-kms";
import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import type { LocalKms } from "../../src/testing/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { ARN_A, bytes, connect, failure, KEY_A } from "./helpers.ts";

const CREDENTIAL =
  "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=0";

async function listening(): Promise<{ kms: LocalKms; post: typeof post; url: string }> {
  const kms = createLocalKms({ keys: [{ id: KEY_A }] });
  const { url } = await kms.listen();
  onTestFinished(() => kms.close());
  const post = async (operation: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "x-amz-target": `TrentService.${operation}`, authorization: CREDENTIAL, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { response, status: response.status, json: text === "" ? undefined : JSON.parse(text) };
  };
  return { kms, post, url };
}

describe("the JSON protocol", () => {
  test("blobs are base64, times are seconds, every reply has a request id", async () => {
    const { kms, post } = await listening();
    const sealed = await post("Encrypt", { KeyId: KEY_A, Plaintext: "aGVsbG8=" });
    expect(sealed.status).toBe(200);
    expect(sealed.response.headers.get("content-type")).toBe("application/x-amz-json-1.1");
    expect(sealed.response.headers.get("x-amzn-requestid")).toBe(kms.events[0]!.requestID);
    expect(sealed.json).toEqual({
      KeyId: ARN_A,
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      CiphertextBlob: expect.stringMatching(/^[A-Za-z0-9+/]+={0,2}$/),
    });
    const opened = await post("Decrypt", { CiphertextBlob: sealed.json.CiphertextBlob });
    expect(opened.json.Plaintext).toBe("aGVsbG8=");
    const described = await post("DescribeKey", { KeyId: KEY_A });
    expect(described.json.KeyMetadata.CreationDate).toBeCloseTo(Date.now() / 1000, -2);
  });

  test("idle connections are kept, so that no client reuses one that is about to end", async () => {
    const { post } = await listening();
    const { response } = await post("ListKeys", {});
    expect(response.headers.get("connection")).toBe("keep-alive");
    // Node tells the lifetime here, if there is one.
    expect(response.headers.get("keep-alive")).toBeNull();
  });

  test("errors carry __type, a message if KMS has one, and their status", async () => {
    const { kms, post } = await listening();
    const garbage = await post("Decrypt", { CiphertextBlob: "aGVsbG8=" });
    expect([garbage.status, garbage.json]).toEqual([400, { __type: "InvalidCiphertextException" }]);
    expect(garbage.response.headers.get("x-amzn-requestid")).toBe(kms.events[0]!.requestID);
    const none = await post("DescribeKey", { KeyId: "alias/none" });
    expect([none.status, none.json]).toEqual([
      400,
      {
        __type: "NotFoundException",
        message: "Alias arn:aws:kms:us-east-1:111122223333:alias/none is not found.",
      },
    ]);
  });

  test.each([
    ["no credentials", { authorization: "" }, "MissingAuthenticationTokenException"],
    ["another scheme", { authorization: "Basic YTpi" }, "IncompleteSignatureException"],
    [
      "a signature for another service",
      { authorization: CREDENTIAL.replace("/kms/", "/s3/") },
      "IncompleteSignatureException",
    ],
    ["no target", { "x-amz-target": "" }, "UnknownOperationException"],
    [
      "another service's target",
      { "x-amz-target": "DynamoDB_20120810.GetItem" },
      "UnknownOperationException",
    ],
    ["an unknown operation", { "x-amz-target": "TrentService.Explode" }, "UnknownOperationException"],
    ["a name of Object's", { "x-amz-target": "TrentService.constructor" }, "UnknownOperationException"],
  ])("%s", async (_, headers, name) => {
    const { kms, post } = await listening();
    const { status, json } = await post("Decrypt", { CiphertextBlob: "aGVsbG8=" }, headers);
    expect([status, json.__type]).toEqual([400, name]);
    expect(kms.events).toEqual([]);
  });

  test.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a list", "[]"],
    ["null", "null"],
    ["text", '"text"'],
    ["bytes that are not base64", '{"CiphertextBlob":"*"}'],
    ["base64 without its padding", '{"CiphertextBlob":"aGVsbG8"}'],
    ["a number for bytes", '{"CiphertextBlob":5}'],
    ["a number for a key id", '{"CiphertextBlob":"aGVsbG8=","KeyId":5}'],
  ])("a body of %s", async (_, body) => {
    const { post } = await listening();
    const { status, json } = await post("Decrypt", body);
    expect([status, json.__type]).toEqual([400, "SerializationException"]);
  });

  test("a body of megabytes is refused, and the server lives on", async () => {
    const { post } = await listening();
    const big = await post("Encrypt", { KeyId: KEY_A, Plaintext: "A".repeat(3_000_000) });
    expect([big.status, big.json.__type]).toEqual([413, "RequestEntityTooLargeException"]);
    expect((await post("DescribeKey", { KeyId: KEY_A })).status).toBe(200);
  });

  test("other methods are refused", async () => {
    const { url } = await listening();
    const response = await fetch(url, { headers: { authorization: CREDENTIAL } });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ __type: "UnknownOperationException" });
  });

  test("no pair of a context gets lost, whatever its name", async () => {
    const { kms, post } = await listening();
    const context = '{"__proto__":"x","constructor":"y"}';
    const { json } = await post(
      "Encrypt",
      `{"KeyId":"${KEY_A}","Plaintext":"aGk=","EncryptionContext":${context}}`,
    );
    const open = (pairs: string) =>
      post("Decrypt", `{"CiphertextBlob":"${json.CiphertextBlob}","EncryptionContext":${pairs}}`);
    expect((await open(context)).json.Plaintext).toBe("aGk=");
    expect((await open('{"constructor":"y"}')).json.__type).toBe("InvalidCiphertextException");
    expect(JSON.stringify(kms.events[0]!.requestParameters)).toContain("__proto__");
  });
});

describe("listening", () => {
  test("on loopback, on a port of its own or on the one that is asked for", async () => {
    const kms = createLocalKms();
    const first = await kms.listen();
    expect(first.url).toBe(`http://127.0.0.1:${first.port}`);
    const second = await kms.listen();
    expect(second.port).not.toBe(first.port);
    await first.close();
    await first.close();
    const again = await kms.listen({ port: first.port });
    expect(again.port).toBe(first.port);
    await expect(createLocalKms().listen({ port: first.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await kms.close();
    await expect(fetch(second.url)).rejects.toThrow();
    await kms.close();
  });

  test("close breaks idle, half-sent and delayed connections", async () => {
    const kms = createLocalKms({ keys: [{ id: KEY_A }] });
    const { port, close } = await kms.listen();
    kms.faults.add({ fault: { delayMs: 600_000 } });
    const idle = tcp(port, "127.0.0.1");
    const half = tcp(port, "127.0.0.1");
    half.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
    const delayed = tcp(port, "127.0.0.1");
    delayed.write(
      `POST / HTTP/1.1\r\nhost: x\r\nauthorization: ${CREDENTIAL}\r\nx-amz-target: TrentService.ListKeys\r\ncontent-length: 2\r\n\r\n{}`,
    );
    const gone = [idle, half, delayed].map(
      (socket) => new Promise((resolve) => socket.on("error", () => {}).on("close", resolve)),
    );
    while (kms.faults.active[0]!.hits === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await close();
    await Promise.all(gone);
    expect(kms.events).toEqual([]);
  });

  test("many calls over one genuine client at once", async () => {
    const kms = createLocalKms({ keys: [{ id: KEY_A }] });
    const client = await connect(kms, "over HTTP");
    const opened = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const EncryptionContext = { n: String(i) };
        const made = await client.send(
          new GenerateDataKeyCommand({ KeyId: KEY_A, KeySpec: "AES_256", EncryptionContext }),
        );
        const { CiphertextBlob } = made;
        const { Plaintext } = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
        return Buffer.compare(made.Plaintext!, Plaintext!) === 0;
      }),
    );
    expect(opened).toEqual(opened.map(() => true));
    expect(kms.events).toHaveLength(200);
  });

  test("both ways into one KMS", async () => {
    const kms = createLocalKms({ keys: [{ id: KEY_A }] });
    const http = await connect(kms, "over HTTP");
    const { CiphertextBlob } = await http.send(new EncryptCommand({ KeyId: KEY_A, Plaintext: bytes(4) }));
    expect((await kms.client.send(new DecryptCommand({ CiphertextBlob }))).Plaintext).toEqual(bytes(4));
    kms.disableKey(KEY_A);
    expect((await failure(http.send(new DecryptCommand({ CiphertextBlob })))).name).toBe("DisabledException");
  });
});

describe("the client in process", () => {
  test("knows commands by their schema when a minifier has renamed their class, and by their name without one", async () => {
    const { client } = createLocalKms({ keys: [{ id: KEY_A }] });
    class x extends DescribeKeyCommand {}
    const { KeyMetadata } = await client.send(new x({ KeyId: KEY_A }));
    expect(KeyMetadata!.Arn).toBe(ARN_A);
    class DescribeKey {
      readonly input = { KeyId: KEY_A };
    }
    expect(await client.send(new DescribeKey())).toHaveProperty("KeyMetadata");
  });

  test("fits where a KMSClient fits", () => {
    const { client } = createLocalKms();
    interface Port {
      send(command: DecryptCommand, options?: { abortSignal?: AbortSignal }): Promise<DecryptCommandOutput>;
    }
    expectTypeOf<KMSClient>().toExtend<Port>();
    expectTypeOf(client).toExtend<Port>();
    const reply = () => client.send(new DecryptCommand({ CiphertextBlob: bytes(1) }));
    expectTypeOf(reply).returns.resolves.toEqualTypeOf<DecryptCommandOutput>();
  });
});

test("nothing but listen() needs Node", () => {
  const folder = new URL("../../src/testing/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const source = readFileSync(new URL(file, folder), "utf8");
    const imports = source.match(/^(?:import|export) (?!type ).*from "node:.*$/gm) ?? [];
    expect([file, imports]).toEqual([file, []]);
    expect(source.includes("Buffer.")).toBe(false);
  }
});
