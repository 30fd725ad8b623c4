export function mergeChunks(folder: string): Promise<void>;
