import type { EnvironmentName } from "../contract/functions.ts";
import type { TrackingRules } from "../tracking/fix.ts";
import type { Runtime } from "./serve.ts";

/** A variable that the deployment sets. Throws when it is missing, so that the function does not start without it. */
export function required(env: NodeJS.ProcessEnv, name: EnvironmentName): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`The environment variable ${name} is not set.`);
  return value;
}

export function requiredNumber(env: NodeJS.ProcessEnv, name: EnvironmentName): number {
  const value = Number(required(env, name));
  if (!Number.isFinite(value) || value < 0) throw new Error(`The environment variable ${name} is not a number of 0 or more.`);
  return value;
}

export const trackingRules = (env: NodeJS.ProcessEnv): TrackingRules => ({
  speedWindowMinutes: requiredNumber(env, "SPEED_WINDOW_MINUTES"),
  stoppedAfterMinutes: requiredNumber(env, "STOPPED_AFTER_MINUTES"),
  maxSpeedKmh: requiredNumber(env, "MAX_SPEED_KMH"),
  maxAccuracyM: requiredNumber(env, "MAX_ACCURACY_M"),
});

export const makeRuntime = (env: NodeJS.ProcessEnv): Runtime => ({
  clock: () => new Date(),
  write: (line) => void process.stdout.write(`${line}\n`),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
  stopwatch: () => performance.now(),
  env,
});
