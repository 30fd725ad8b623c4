import { fork } from "node:child_process";
import { once } from "node:events";
import { inTurns } from "./measure.mjs";

/**
 * Microseconds per call of contestants that are processes of their own: arguments of one program, by name. All rest but
 * one; a turn lasts `turn` milliseconds, a warm-up `warmUp`.
 */
export async function apart(program, contestants, { rounds, turn, warmUp }) {
  const children = {};
  for (const [name, args] of Object.entries(contestants)) children[name] = fork(program, args.map(String));
  const answer = async (child) => (await once(child, "message"))[0];
  const calls = (child, milliseconds) => {
    child.send(milliseconds);
    return answer(child);
  };
  try {
    await Promise.all(Object.values(children).map(answer));
    for (const child of Object.values(children)) await calls(child, warmUp);
    return await inTurns(children, rounds, (child) => calls(child, turn));
  } finally {
    for (const child of Object.values(children)) child.kill();
  }
}
