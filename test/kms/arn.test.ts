import { describe, expect, it } from "vitest";
import { formatKmsArn, isMultiRegionKey, parseKmsArn, parseKmsKeyId, sameKey } from "../../src/kms/arn.ts";
import { ALIAS_ARN_A, ARN_A, arn, KEY_A, MRK } from "./helpers.ts";

const parsed = (text: string) => {
  const found = parseKmsArn(text);
  if (found === null) throw new Error(`not an ARN: ${text}`);
  return found;
};

describe("parseKmsArn", () => {
  it("takes a key ARN apart", () => {
    expect(parseKmsArn(`arn:aws:kms:us-east-1:111122223333:key/${KEY_A}`)).toEqual({
      partition: "aws",
      region: "us-east-1",
      accountId: "111122223333",
      type: "key",
      id: KEY_A,
    });
  });

  it("takes an alias ARN apart, slashes in the name included", () => {
    expect(parseKmsArn("arn:aws:kms:eu-west-1:111122223333:alias/team/orders_v2")).toMatchObject({
      type: "alias",
      id: "team/orders_v2",
    });
  });

  it.each(["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"])(
    "knows partition %s",
    (name) => {
      expect(parsed(arn(KEY_A, "us-gov-west-1", "111122223333", name)).partition).toBe(name);
    },
  );

  it.each([
    ARN_A,
    ALIAS_ARN_A,
    arn(MRK, "ap-southeast-2"),
    arn(KEY_A, "cn-north-1", "111122223333", "aws-cn"),
  ])("writes %s back as it was", (text) => {
    expect(formatKmsArn(parsed(text))).toBe(text);
  });

  it.each([
    ["empty", ""],
    ["a bare key id", KEY_A],
    ["another service", ARN_A.replace(":kms:", ":s3:")],
    ["another scheme", ARN_A.replace("arn:", "urn:")],
    ["another partition family", ARN_A.replace(":aws:", ":azure:")],
    ["no Region", ARN_A.replace("us-east-1", "")],
    ["no account", ARN_A.replace("111122223333", "")],
    ["an account of 11 digits", ARN_A.replace("111122223333", "11112222333")],
    ["an account of 13 digits", ARN_A.replace("111122223333", "1111222233334")],
    ["no resource", "arn:aws:kms:us-east-1:111122223333:"],
    ["no key id", "arn:aws:kms:us-east-1:111122223333:key/"],
    ["no resource type", `arn:aws:kms:us-east-1:111122223333:${KEY_A}`],
    ["another resource type", ARN_A.replace(":key/", ":grant/")],
    ["a colon for the slash", ARN_A.replace("key/", "key:")],
    ["another part", `${ARN_A}:more`],
    ["a wildcard", "arn:aws:kms:us-east-1:111122223333:key/*"],
    ["white space around it", ` ${ARN_A}`],
    ["a line break behind it", `${ARN_A}\n`],
    ["two lines", `${ARN_A}\n${ARN_A}`],
    ["upper case", ARN_A.toUpperCase()],
  ])("refuses %s", (_what, text) => {
    expect(parseKmsArn(text)).toBeNull();
  });
});

describe("parseKmsKeyId", () => {
  it.each([
    ["key-arn", ARN_A],
    ["key-arn", arn(MRK)],
    ["alias-arn", ALIAS_ARN_A],
    ["key-id", KEY_A],
    ["key-id", MRK],
    ["alias-name", "alias/orders"],
    ["alias-name", "alias/aws/s3"],
  ])("recognises %s: %s", (kind, text) => {
    expect(parseKmsKeyId(text)).toMatchObject({ kind, text });
  });

  it.each([
    "",
    "orders",
    "alias/",
    "key/1234",
    KEY_A.slice(1),
    `${KEY_A}0`,
    "mrk-1234",
    "alias/a b",
    `${KEY_A}\n`,
  ])("refuses %j", (text) => {
    expect(parseKmsKeyId(text)).toBeNull();
  });
});

describe("sameKey", () => {
  const here = parsed(arn(MRK, "us-east-1"));
  const there = parsed(arn(MRK, "eu-west-1"));

  it("compares every part", () => {
    const key = parsed(ARN_A);
    expect(sameKey(key, parsed(ARN_A), false)).toBe(true);
    for (const other of [
      arn(KEY_A, "us-west-2"),
      arn(KEY_A, "us-east-1", "444455556666"),
      arn(KEY_A, "us-east-1", "111122223333", "aws-cn"),
      arn(MRK),
      ALIAS_ARN_A,
    ]) {
      expect(sameKey(key, parsed(other), false), other).toBe(false);
    }
  });

  it("takes replicas of a multi-Region key for the same only if asked to", () => {
    expect(sameKey(here, there, false)).toBe(false);
    expect(sameKey(here, there, true)).toBe(true);
    expect(sameKey(here, parsed(arn(MRK.replace("b", "c"), "eu-west-1")), true)).toBe(false);
    expect(sameKey(here, parsed(arn(MRK, "eu-west-1", "444455556666")), true)).toBe(false);
    expect(sameKey(here, parsed(arn(MRK, "cn-north-1", "111122223333", "aws-cn")), true)).toBe(false);
  });

  it("never takes single-Region keys of two Regions for the same", () => {
    expect(sameKey(parsed(ARN_A), parsed(arn(KEY_A, "eu-west-1")), true)).toBe(false);
  });

  it("takes no alias for a multi-Region key, whatever its name", () => {
    const alias = parsed("arn:aws:kms:us-east-1:111122223333:alias/mrk-orders");
    expect(isMultiRegionKey(alias)).toBe(false);
    expect(isMultiRegionKey(here)).toBe(true);
    expect(isMultiRegionKey(parsed(ARN_A))).toBe(false);
  });
});
