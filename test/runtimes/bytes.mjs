// What the suite needs of every runtime, by web standards alone.

export function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Bytes that tell their position, so that frames in the wrong order show. */
export function pattern(length) {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

export function assertEqual(actual, expected, what) {
  const same =
    actual instanceof Uint8Array
      ? actual.length === expected.length && actual.every((byte, i) => byte === expected[i])
      : actual === expected;
  if (!same) throw new Error(`${what}: ${show(actual)} instead of ${show(expected)}`);
}

function show(value) {
  return value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
}

/** Expects a refusal with this code, and nothing else. */
export async function assertRefused(attempt, code, what) {
  let error;
  try {
    await attempt();
  } catch (caught) {
    error = caught;
  }
  if (error === undefined) throw new Error(`${what}: it was not refused`);
  if (error.code !== code) throw new Error(`${what}: ${error.code ?? error} instead of ${code}`);
}

/** Pipes bytes, in pieces of this length, through a transform stream. */
export async function throughStream(bytes, transform, pieceLength) {
  let at = 0;
  const source = new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + pieceLength));
      at += pieceLength;
    },
  });
  // Read by hand: `Response` hides the stream's error behind one of its own in Chromium.
  const reader = source.pipeThrough(transform).getReader();
  const chunks = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(...next.value);
  return Uint8Array.from(chunks);
}
