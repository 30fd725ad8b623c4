// How often caching managers ask KMS, under many kinds of traffic: as SQS counts (R), as keyfold estimates (R'), as a
// model of the rules counts, and as a local KMS saw it. Time is simulated; nothing is measured.
import { cachingMaterialsManager, createEncryptionClient } from "keyfold";
import { kmsKeyring } from "keyfold/kms";
import { estimateKmsRequests } from "keyfold/policy";
import { createLocalKms } from "keyfold/testing";
import { CASES, messagesOf } from "../test/simulation/cases.mjs";
import { expectedCalls } from "../test/simulation/model.mjs";
import { observedCalls } from "../test/simulation/observe.mjs";
import { table } from "./report.mjs";

const lib = { cachingMaterialsManager, createEncryptionClient, kmsKeyring, createLocalKms };

const rows = [];
for (const traffic of CASES) {
  const { name, reusePeriodSeconds, producers, consumers, contexts, periods, verifyNewKeys } = traffic;
  const messages = messagesOf(traffic);
  const expected = expectedCalls(traffic, messages);
  const observed = await observedCalls(lib, traffic, messages);
  const isSame = expected.length === observed.length && expected.every((call, i) => call === observed[i]);
  const { sqs, keyfold } = estimateKmsRequests({
    billingPeriodSeconds: periods * reusePeriodSeconds,
    reusePeriodSeconds,
    producers,
    consumers,
    contexts,
    verifyNewKeys,
  });
  const size = [reusePeriodSeconds, producers, consumers, contexts, verifyNewKeys ? "yes" : "no"];
  const counts = [messages.length, sqs, keyfold, expected.length, observed.length];
  rows.push([name, ...size, ...counts, isSame ? "yes" : "NO"]);
}
table(
  "KMS calls over several reuse periods (D, in seconds; P producers, C consumers)",
  [
    "traffic",
    "D",
    "P",
    "C",
    "contexts",
    "verified",
    "messages",
    "R",
    "R'",
    "model",
    "KMS saw",
    "call by call",
  ],
  rows,
);
