// A page loads this; the runner calls the function that it leaves behind.
import { perform } from "./task.mjs";

globalThis.perform = perform;
