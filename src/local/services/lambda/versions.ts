import { randomUUID } from "node:crypto";
import type {
  ListVersionsByFunctionCommandInput,
  ListVersionsByFunctionCommandOutput,
  PublishVersionCommandInput,
  PublishVersionCommandOutput,
} from "@aws-sdk/client-lambda";
import type { Operations, Result } from "../../core/service.ts";
import { describe } from "./describe.ts";
import { invalid } from "./faults.ts";
import { page } from "./paging.ts";
import { reference } from "./reference.ts";
import { assertRevision, assertSettled, documentsOf, keyOf, type Lambda, type Revision, requireFunction, revisionIdOf } from "./state.ts";

export function versionOperations(lambda: Lambda): Operations {
  return {
    PublishVersion: (input: PublishVersionCommandInput, call): Result<PublishVersionCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      const fn = requireFunction(lambda, at);
      assertSettled(lambda, at);
      assertRevision(input.RevisionId, revisionIdOf(fn.latest, lambda.env.clock.now()));
      if (input.CodeSha256 && input.CodeSha256 !== fn.latest.codeSha256)
        throw invalid(
          `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${fn.latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
        );
      const { revision } = publish(lambda, at, input.Description ?? fn.latest.config.description);
      return describe(lambda, fn, revision, revision.version);
    },
    ListVersionsByFunction: (input: ListVersionsByFunctionCommandInput, call): Result<ListVersionsByFunctionCommandOutput> => {
      const at = reference(input.FunctionName, undefined, call);
      const fn = requireFunction(lambda, at);
      const versions = documentsOf(lambda.versions, at).sort(([a], [b]) => Number(a) - Number(b));
      const all = [["$LATEST", fn.latest] as const, ...versions];
      const { items, next } = page(all, input.Marker, input.MaxItems);
      return {
        Versions: items.map(([version, revision]) => describe(lambda, fn, revision, version, "listed")),
        NextMarker: next,
      };
    },
  };
}

interface Published {
  readonly revision: Revision;
  readonly isNew: boolean;
}
/** Publishes `$LATEST` as the next version. Without a change since the last version it returns that one. */
export function publish(lambda: Lambda, at: { readonly region: string; readonly name: string }, description: string): Published {
  const fn = requireFunction(lambda, { ...at, qualifier: undefined });
  const last = lambda.versions.get(keyOf(at, String(fn.lastVersion)));
  const source = contentOf(fn.latest);
  if (last && (last.source ?? contentOf(last)) === source) return { revision: last, isNew: false };
  const version = String(fn.lastVersion + 1);
  const revision: Revision = {
    ...fn.latest,
    version,
    revisionId: randomUUID(),
    changeId: randomUUID(),
    // A version of a function whose update is in progress is Pending.
    activeAt: Math.max(fn.latest.activeAt, fn.latest.settledAt),
    source,
    config: { ...fn.latest.config, description },
  };
  lambda.versions.put(keyOf(at, version), revision);
  lambda.functions.put(keyOf(at), { ...fn, lastVersion: fn.lastVersion + 1, latest: { ...fn.latest, revisionId: randomUUID() } });
  return { revision, isNew: true };
}
/**
 * The content that makes a new version necessary: code and configuration of `$LATEST` when it was published. A member without a value does
 * not count, because the journal does not keep it.
 */
const contentOf = ({ codeSha256, config }: Revision): string =>
  JSON.stringify([codeSha256, Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)))]);
