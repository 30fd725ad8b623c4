// A vitest reporter for mutations.mjs: a line for each test that fails, as soon as it does, and one at the end.
const say = (kind, text) => process.stdout.write(`\n${kind}: ${text}\n`);

export default class FirstFailure {
  #tests = 0;

  onTestCaseResult(test) {
    this.#tests++;
    if (test.result().state === "failed") say("FAILED", test.fullName.replaceAll(" > ", " "));
  }

  onTestRunEnd(modules, errors) {
    for (const module of modules) if (module.errors().length > 0) say("FAILED", "a file cannot be loaded");
    if (errors.length > 0) say("FAILED", "an error outside of the tests");
    say("TESTS", this.#tests);
  }
}
