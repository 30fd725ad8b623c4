import { StoreError } from "../errors.ts";
import type { LocalKmsEvent } from "./audit.ts";
import { auditElements, auditEvent, auditParameters } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { readBlobHeader } from "./ciphertext.ts";
import { defaultMessage, KmsFailure } from "./errors.ts";
import type { createFaults, Strike } from "./faults.ts";
import { formatArn, newUuid } from "./key-id.ts";
import type { KeyStore } from "./key-store.ts";
import type { Operation, Output } from "./operation.ts";
import { Call } from "./operation.ts";
import { OPERATIONS } from "./operations/table.ts";
import { pause } from "./pause.ts";
import type { WireDamage } from "./reply.ts";
import { applyReplyFaults } from "./reply.ts";
import type { Shape } from "./shape.ts";
import { checkInput } from "./shape.ts";

/** A request before it is checked; these members are looked at even then. */
interface RawInput extends Readonly<Record<string, unknown>> {
  readonly KeyId?: unknown;
  readonly SourceKeyId?: unknown;
  readonly TargetKeyId?: unknown;
  readonly CiphertextBlob?: unknown;
  readonly GrantToken?: unknown;
  readonly Recipient?: unknown;
}

export interface ServiceRequest {
  readonly operation: string;
  readonly caller: Caller;
  /** The request's members, blobs as bytes. Called once the operation, and so its shape, is known. */
  readonly input: (shape: Shape) => RawInput;
  readonly signal: AbortSignal | undefined;
}

/** What a call came to, before a client or a connection makes an answer of it. */
export type Outcome =
  | {
      readonly kind: "reply";
      readonly output: Output;
      readonly damage: WireDamage;
      readonly requestId: string;
    }
  | { readonly kind: "failure"; readonly failure: KmsFailure; readonly requestId: string }
  | { readonly kind: "status"; readonly status: number; readonly requestId: string }
  | { readonly kind: "reset" };

/** Serves calls: faults first, then checks, the operation and the audit log. */
export interface Service {
  /** Rejects only if the signal is aborted while a fault delays the call. */
  call(request: ServiceRequest): Promise<Outcome>;
}

export function createService(of: {
  readonly store: KeyStore;
  /** Called after every change, before it is answered. Throws a `StoreError` if it took the change back. */
  readonly keep: () => void;
  readonly faults: ReturnType<typeof createFaults>;
  readonly grantDelayMs: number;
  readonly now: () => number;
  readonly log: (event: LocalKmsEvent) => void;
}): Service {
  return {
    async call({ operation: name, caller, input: read, signal }) {
      const requestId = newUuid();
      const operation = OPERATIONS.get(name);
      if (operation === undefined) {
        const failure = new KmsFailure("UnknownOperationException", `The local KMS does not support ${name}`);
        return { kind: "failure", failure, requestId };
      }

      let raw: RawInput;
      try {
        raw = read(operation.shape);
      } catch (failure) {
        if (!(failure instanceof KmsFailure)) throw failure;
        return { kind: "failure", failure, requestId };
      }

      const region = of.store.regionFor(raw.KeyId ?? raw.SourceKeyId ?? raw.TargetKeyId, caller.region);
      const { store, grantDelayMs } = of;
      const call = new Call({ operation: name, caller, region, store, now: of.now(), grantDelayMs });
      const strike = of.faults.strike({
        operation: name,
        principals: [caller.principal, caller.arn, caller.identity.accessKeyId ?? caller.arn],
        keyNames: () => keyNames(call, raw),
      });
      if (strike.delayMs > 0) await pause(strike.delayMs, signal);
      const { refusal } = strike;
      if (refusal !== undefined && "reset" in refusal) return { kind: "reset" };
      if (refusal !== undefined && "status" in refusal)
        return { kind: "status", status: refusal.status, requestId };

      return serve(of, operation, call, raw, strike, requestId);
    },
  };
}

async function serve(
  of: Pick<Parameters<typeof createService>[0], "now" | "keep" | "log">,
  operation: Operation,
  call: Call,
  raw: RawInput,
  strike: Strike,
  requestId: string,
): Promise<Outcome> {
  const { refusal } = strike;
  let parameters: Readonly<Record<string, unknown>> | null = null;
  let elements: Readonly<Record<string, unknown>> | null = null;
  let failure: KmsFailure | undefined;
  let output: Output = {};
  try {
    const input = checkInput(operation.shape, raw);
    parameters = auditParameters(operation.shape, input);
    if (refusal !== undefined && "error" in refusal) throw scriptedFailure(call, refusal, raw);
    if (raw.Recipient !== undefined) {
      throw new KmsFailure("UnsupportedOperationException", "The local KMS has no Nitro enclaves");
    }
    const running = operation.run(call, input as never);
    // No operation that changes keys waits: the change is made by now.
    if (!operation.readOnly) keepChange(of.keep);
    output = await running;
    if (!operation.readOnly) elements = responseElements(call, call.elements ?? output);
  } catch (error) {
    if (!(error instanceof KmsFailure)) throw error;
    failure = error;
  }
  of.log(
    auditEvent({
      operation: operation.name,
      readOnly: operation.readOnly,
      caller: call.caller,
      region: call.region,
      requestId,
      eventId: newUuid(),
      time: new Date(of.now()),
      parameters,
      elements,
      additional: failure === undefined ? additionalData(call) : undefined,
      resources: call.resources,
      failure,
    }),
  );
  if (failure !== undefined) return { kind: "failure", failure, requestId };
  return { kind: "reply", ...applyReplyFaults(output, strike.reply), requestId };
}

function keepChange(keep: () => void): void {
  try {
    keep();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new KmsFailure("KMSInternalException", error.message);
  }
}

function additionalData({ keyMaterialId, retiredGrantId }: Call): LocalKmsEvent["additionalEventData"] {
  if (retiredGrantId !== undefined) return { grantId: retiredGrantId };
  return keyMaterialId === undefined ? undefined : { keyMaterialId };
}

function responseElements(call: Call, output: Output): Readonly<Record<string, unknown>> {
  const [arn] = call.resources;
  return Object.keys(output).length === 0 ? { keyId: arn } : auditElements(output);
}

function scriptedFailure(
  call: Call,
  { error, message }: Extract<Strike["refusal"], { readonly error: unknown }>,
  raw: RawInput,
): KmsFailure {
  const arn = [...keyNames(call, raw)].find((name) => name.startsWith("arn:"));
  if (arn !== undefined && call.store.key(arn) !== undefined) call.resources.add(arn);
  const keyArn = arn ?? formatArn(call.region, call.accountId, "*");
  const about = { operation: call.operation, callerArn: call.caller.arn, keyArn };
  return new KmsFailure(error, message ?? defaultMessage(error, about));
}

/** Every name of every key that a request names, or whose ciphertext or grant it brings. */
function keyNames(call: Call, raw: RawInput): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (key: ReturnType<KeyStore["key"]>): void => {
    if (key === undefined) return;
    names.add(key.arn).add(key.id);
    for (const alias of call.store.aliasesOf(key)) names.add(alias.name).add(alias.arn);
  };
  for (const member of ["KeyId", "SourceKeyId", "DestinationKeyId", "TargetKeyId"]) {
    const reference = raw[member];
    if (typeof reference !== "string") continue;
    add(call.store.find(reference, call, () => undefined));
    names.add(reference);
  }
  const blob = raw.CiphertextBlob;
  const header = blob instanceof Uint8Array ? readBlobHeader(blob) : null;
  if (header !== null) {
    add(call.store.keyInRegion(header.keyId, call.region));
    names.add(header.keyId);
  }
  if (typeof raw.GrantToken === "string") add(call.store.grantOfToken(raw.GrantToken, call.region)?.key);
  return names;
}
