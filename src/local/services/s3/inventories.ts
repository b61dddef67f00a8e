import { type Call, type Handler, LocalFault } from "../../core/service.ts";
import { thaw } from "./documents.ts";
import { set } from "./settings.ts";
import { requireBucket, type S3State } from "./state.ts";

type Values = Record<string, unknown>;
/** Configurations that a bucket can have several of, each with an id. */
const KINDS = ["Analytics", "Inventory", "Metrics", "IntelligentTiering"] as const;

export function inventoryOperations(state: S3State): Record<string, Handler<Values, Values>> {
  return Object.fromEntries(KINDS.flatMap((kind) => operationsOf(kind, state)));
}
function operationsOf(kind: (typeof KINDS)[number], state: S3State): [string, Handler<Values, Values>][] {
  const member = `${kind}Configuration`;
  const put: Handler<Values, Values> = (input, call) => {
    const { bucket, configurations } = stored(state, member, input, call);
    set(state, bucket, member, { ...configurations, [input.Id as string]: input[member] });
    return {};
  };
  const get: Handler<Values, Values> = (input, call) => {
    const found = stored(state, member, input, call).configurations[input.Id as string];
    if (!found) throw missing();
    return { [member]: found };
  };
  const remove: Handler<Values, Values> = (input, call) => {
    const { bucket, configurations } = stored(state, member, input, call);
    const { [input.Id as string]: found, ...rest } = configurations;
    if (!found) throw missing();
    set(state, bucket, member, rest);
    return {};
  };
  const list: Handler<Values, Values> = (input, call) => {
    const { configurations } = stored(state, member, input, call);
    const ids = Object.keys(configurations).sort();
    return { IsTruncated: false, ...(ids.length > 0 ? { [`${member}List`]: ids.map((id) => configurations[id]) } : {}) };
  };
  return [
    [`PutBucket${member}`, put],
    [`GetBucket${member}`, get],
    [`DeleteBucket${member}`, remove],
    [`ListBucket${member}s`, list],
  ];
}

function stored(state: S3State, member: string, input: Values, call: Call) {
  const bucket = requireBucket(state, input.Bucket as string, call);
  const text = bucket.settings[member];
  return { bucket, configurations: text === undefined ? {} : thaw<Record<string, Values>>(text) };
}
const missing = (): LocalFault => new LocalFault("NoSuchConfiguration", "The specified configuration does not exist.", 404);
