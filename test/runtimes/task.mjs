// What a runtime is asked to do, in one place for all of them: JSON in, JSON out.
import * as sdk from "@aws-sdk/client-kms";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import * as keyfold from "keyfold";
import * as hierarchy from "keyfold/hierarchy";
import * as kms from "keyfold/kms";
import * as s3 from "keyfold/s3";
import * as sqs from "keyfold/sqs";
import * as testing from "keyfold/testing";
import { read, write } from "./exchange.mjs";
import { backendOf, runSuite } from "./suite.mjs";

const s3Commands = {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
};

const sqsCommands = {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
};

export async function perform({ task, material, endpoint, written }) {
  const backend = backendOf({ keyfold }, material);
  const library = { keyfold, hierarchy, kms, s3, s3Commands, sqs, sqsCommands, testing, sdk, backend };
  if (task === "suite") {
    return {
      backend,
      results: await runSuite(library, { material, endpoint }),
      written: await write(library, material),
    };
  }
  return Object.fromEntries(
    await Promise.all(
      Object.entries(written).map(async ([from, items]) => [from, await read(library, material, items)]),
    ),
  );
}
