// A condition that nobody answers to would run the other backend twice, and every test would pass.
import { backend } from "#crypto";

const { KEYFOLD_BACKEND: wanted } = process.env;
if (backend.name !== wanted) throw new Error(`The project is for ${wanted}, and runs on ${backend.name}.`);
