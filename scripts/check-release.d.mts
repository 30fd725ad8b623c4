export interface ReleaseFiles {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly lock: Readonly<Record<string, unknown>>;
  readonly changelog: string;
}

export function releaseFaults(files: ReleaseFiles, tag?: string): string[];
