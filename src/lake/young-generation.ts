import { setFlagsFromString } from "node:v8";

/**
 * Runs `work` while V8's young generation keeps the size that it has; in a long run it grows to 48 MB. This holds for the whole process.
 * `--max-semi-space-size` would have no effect: V8 reads it when the process starts, and the factor (2 is its default) at each growth.
 */
export async function withSmallYoungGeneration<T>(work: () => Promise<T>): Promise<T> {
  setFlagsFromString("--semi-space-growth-factor=1");
  try {
    return await work();
  } finally {
    setFlagsFromString("--semi-space-growth-factor=2");
  }
}
