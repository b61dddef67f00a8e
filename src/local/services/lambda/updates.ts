import { randomUUID } from "node:crypto";
import type {
  UpdateFunctionCodeCommandInput,
  UpdateFunctionCodeCommandOutput,
  UpdateFunctionConfigurationCommandInput,
  UpdateFunctionConfigurationCommandOutput,
} from "@aws-sdk/client-lambda";
import type { Call, Operations, Result } from "../../core/service.ts";
import type { CodeStore } from "./code.ts";
import { changedConfig } from "./config.ts";
import { describe } from "./describe.ts";
import { invalid } from "./faults.ts";
import { zipOf } from "./functions.ts";
import { type Reference, reference } from "./reference.ts";
import { assertAssumable } from "./role.ts";
import {
  assertRevision,
  assertSettled,
  type FunctionRecord,
  keyOf,
  type Lambda,
  type Revision,
  requireFunction,
  revisionIdOf,
} from "./state.ts";
import { checkConfig } from "./validation.ts";
import { publish } from "./versions.ts";
import { checkVpc } from "./vpc.ts";

const UPDATE_MS = 2_000;

export function updateOperations(lambda: Lambda, code: CodeStore): Operations {
  return {
    UpdateFunctionCode: (input: UpdateFunctionCodeCommandInput, call) => updateCode(lambda, code, input, call),
    UpdateFunctionConfiguration: (input: UpdateFunctionConfigurationCommandInput, call) => updateConfiguration(lambda, input, call),
  };
}

async function updateCode(
  lambda: Lambda,
  code: CodeStore,
  input: UpdateFunctionCodeCommandInput,
  call: Call,
): Promise<Result<UpdateFunctionCodeCommandOutput>> {
  const at = reference(input.FunctionName, undefined, call);
  check(lambda, at, input.RevisionId);
  if (input.ImageUri) throw invalid("The local AWS runs functions from zips only, not from images.");
  const stored = await code.add(await zipOf(lambda, input, call));
  const fn = check(lambda, at, input.RevisionId);
  const architecture = input.Architectures?.[0] ?? fn.latest.config.architecture;
  if (input.DryRun) return describe(lambda, fn, { ...fn.latest, ...stored }, undefined);
  const changed = change(lambda, at, { ...stored, config: { ...fn.latest.config, architecture } });
  if (!input.Publish) return describe(lambda, changed, changed.latest, undefined, "updated");
  const { revision, isNew } = publish(lambda, at, changed.latest.config.description);
  return describe(lambda, changed, revision, revision.version, isNew ? "created" : "now");
}

async function updateConfiguration(
  lambda: Lambda,
  input: UpdateFunctionConfigurationCommandInput,
  call: Call,
): Promise<Result<UpdateFunctionConfigurationCommandOutput>> {
  const at = reference(input.FunctionName, undefined, call);
  if (input.Layers?.length) throw invalid("The local AWS has no layers.");
  const before = check(lambda, at, input.RevisionId);
  checkConfig(changedConfig(before.latest.config, input));
  await checkVpc(lambda, input.VpcConfig, call);
  if (input.Role !== undefined) await assertAssumable(lambda, input.Role);
  const fn = check(lambda, at, input.RevisionId);
  const changed = change(lambda, at, { config: changedConfig(fn.latest.config, input) });
  return describe(lambda, changed, changed.latest, undefined, "updated");
}

function check(lambda: Lambda, at: Reference, revisionId: string | undefined): FunctionRecord {
  const fn = requireFunction(lambda, at);
  assertSettled(lambda, at);
  assertRevision(revisionId, revisionIdOf(fn.latest, lambda.env.clock.now()));
  return fn;
}

/** Stores a new `$LATEST`. With `realism` the previous one serves until the update has settled. */
function change(lambda: Lambda, at: Reference, parts: Partial<Revision>): FunctionRecord {
  const fn = requireFunction(lambda, at);
  const now = lambda.env.clock.now();
  const changed: FunctionRecord = {
    ...fn,
    previous: lambda.env.settings.realism ? fn.latest : undefined,
    latest: {
      ...fn.latest,
      ...parts,
      revisionId: randomUUID(),
      changeId: randomUUID(),
      modified: now,
      settledAt: lambda.env.settings.realism ? now + UPDATE_MS : now,
    },
  };
  lambda.functions.put(keyOf(at), changed);
  return changed;
}
