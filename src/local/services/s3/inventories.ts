import { type Handler, LocalFault } from "../../core/service.ts";
import { thaw } from "./documents.ts";
import { set } from "./settings.ts";
import { bucketOf, type S3State } from "./state.ts";

type Values = Record<string, unknown>;
/** Configurations of which a bucket has several, each with an id. */
const KINDS = ["Analytics", "Inventory", "Metrics", "IntelligentTiering"] as const;

export function inventoryOperations(state: S3State): Record<string, Handler<Values, Values>> {
  return Object.fromEntries(KINDS.flatMap((kind) => operationsOf(kind, state)));
}
function operationsOf(kind: (typeof KINDS)[number], state: S3State): [string, Handler<Values, Values>][] {
  const member = `${kind}Configuration`;
  const all = (input: Values, call: Parameters<Handler<Values, Values>>[1]) => {
    const bucket = bucketOf(state, input.Bucket as string, call);
    const stored = bucket.settings[member];
    return { bucket, configurations: stored === undefined ? {} : thaw<Record<string, Values>>(stored) };
  };
  const missing = () => new LocalFault("NoSuchConfiguration", "The specified configuration does not exist.", 404);
  return [
    [
      `PutBucket${member}`,
      (input, call) => {
        const { bucket, configurations } = all(input, call);
        set(state, bucket, member, { ...configurations, [input.Id as string]: input[member] });
        return {};
      },
    ],
    [
      `GetBucket${member}`,
      (input, call) => {
        const found = all(input, call).configurations[input.Id as string];
        if (!found) throw missing();
        return { [member]: found };
      },
    ],
    [
      `DeleteBucket${member}`,
      (input, call) => {
        const { bucket, configurations } = all(input, call);
        const { [input.Id as string]: found, ...rest } = configurations;
        if (!found) throw missing();
        set(state, bucket, member, rest);
        return {};
      },
    ],
    [
      `ListBucket${member}s`,
      (input, call) => {
        const { configurations } = all(input, call);
        const ids = Object.keys(configurations).sort();
        return { IsTruncated: false, ...(ids.length > 0 ? { [`${member}List`]: ids.map((id) => configurations[id]) } : {}) };
      },
    ],
  ];
}
