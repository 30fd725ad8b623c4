import type { TestProjectInlineConfiguration } from "vitest/config";

// The conditions that pick the backend behind `#crypto` from the sources.
const CONDITIONS = { node: "keyfold-source", web: "keyfold-web" } as const;

type Test = Omit<NonNullable<TestProjectInlineConfiguration["test"]>, "name" | "setupFiles">;

/** A vitest project that runs these tests on one crypto backend. It fails where another one is loaded. */
export function onBackend(name: keyof typeof CONDITIONS, test: Test): TestProjectInlineConfiguration {
  const conditions = [CONDITIONS[name]];
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      ...test,
      name,
      setupFiles: ["./test/support/right-backend.ts"],
      env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true", KEYFOLD_BACKEND: name },
    },
  };
}

/** One project a backend: the tests are the same. */
export const onEachBackend = (test: Test): TestProjectInlineConfiguration[] => [
  onBackend("node", test),
  onBackend("web", test),
];
