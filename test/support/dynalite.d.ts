declare module "dynalite" {
  import type { Server } from "node:http";

  /** A server that keeps tables in memory; milliseconds until a table is there or gone. */
  const dynalite: (options: {
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }) => Server;
  export = dynalite;
}
