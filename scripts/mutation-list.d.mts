export declare const MUTATIONS: readonly {
  readonly check: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}[];
