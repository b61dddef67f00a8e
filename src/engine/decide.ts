import type { Change } from "./contract.ts";

/** `wait`-free: what cannot be compared yet because something upstream is missing is a create or an update with an unknown value. */
export type Decision =
  | { readonly action: "create" }
  | { readonly action: "update" | "replace"; readonly changes: readonly Change[] }
  | { readonly action: "keep" }
  | { readonly action: "delete" }
  | { readonly action: "retain"; readonly why: string }
  | { readonly action: "refuse"; readonly code: "OWNER_FOREIGN" | "DATA_PROTECTED"; readonly why: string; readonly hint: string };

export interface Policy {
  /** Take over what carries our name and not our tag. */
  readonly adopt: boolean;
  /** Ids of data-holding resources that may be replaced. */
  readonly allowDataLoss: ReadonlySet<string>;
  /** The endpoint is not AWS: an attribute that it does not keep is a warning there. */
  readonly forgiving: boolean;
  /** false: do not wait for slow resources (--no-wait). */
  readonly wait: boolean;
}
