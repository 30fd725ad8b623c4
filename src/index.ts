export { KeyfoldError } from "./errors.ts";
