// Modules of examples/ that tests import: they are JavaScript, to be copied and run as they are.

declare module "*/vault/transit-keyring.mjs" {
  import type { Keyring } from "../../src/index.ts";

  export function vaultTransitKeyring(options: {
    readonly address: string;
    readonly token: string | (() => string | Promise<string>);
    readonly mount?: string;
    readonly key: string;
    readonly fetch?: typeof globalThis.fetch;
  }): Keyring;
}

declare module "*/local/vault.mjs" {
  export interface LocalVault {
    readonly address: string;
    token: string;
    sealed: boolean;
    /** Operations that the token's policy does not allow. */
    readonly denied: Set<"encrypt" | "decrypt" | "keys">;
    /** Such as `"POST encrypt"`, in the order of their coming. */
    readonly requests: string[];
    rotate(key: string): void;
    retire(key: string, minimum: number): void;
    close(): Promise<void>;
  }

  export function startVault(options?: {
    readonly mount?: string;
    readonly key?: string;
    readonly old?: boolean;
  }): Promise<LocalVault>;
}
