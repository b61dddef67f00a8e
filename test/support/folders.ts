import { rmSync } from "node:fs";

/** Deletes a folder if it exists. A process that ends may still write into it: then the deletion is tried again for some seconds. */
export const removeFolder = (path: string): void => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
