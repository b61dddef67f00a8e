import { createHash, randomBytes } from "node:crypto";
import type { Tag } from "@aws-sdk/client-ec2";
import type { Collection, Store } from "../../core/store.ts";

/** One source or target of a group's traffic. `cidr` is canonical; `group` a group's id. */
export interface Rule {
  readonly id: string;
  readonly egress: boolean;
  /** `tcp`, `udp`, `icmp`, a number, or `-1` for all. */
  readonly protocol: string;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly cidr4?: string | undefined;
  readonly cidr6?: string | undefined;
  readonly prefixList?: string | undefined;
  readonly group?: string | undefined;
  readonly description?: string | undefined;
}
export interface GroupDocument {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly description: string;
  readonly vpc: string;
  readonly rules: readonly Rule[];
}
export interface TagsDocument {
  readonly region: string;
  readonly type: string;
  readonly tags: readonly Tag[];
}
export interface Ec2State {
  readonly groups: Collection<GroupDocument>;
  /** Tags by resource id, for every type of resource. */
  readonly tags: Collection<TagsDocument>;
}

export function ec2State(store: Store): Ec2State {
  return { groups: store.collection("ec2.groups"), tags: store.collection("ec2.tags") };
}

export const freshId = (prefix: string): string => `${prefix}-0${randomBytes(8).toString("hex")}`;
/** Id of a resource that every account has by default. It is the same at every start. */
export const givenId = (prefix: string, ...name: string[]): string =>
  `${prefix}-0${createHash("sha256").update(name.join("/")).digest("hex").slice(0, 16)}`;

export const ALL_TRAFFIC = { protocol: "-1", cidr4: "0.0.0.0/0" } as const;
/** The groups of a region. The first read creates the default group. */
export function groupsOf(state: Ec2State, region: string): GroupDocument[] {
  const id = givenId("sg", region, "default");
  if (!state.groups.has(id)) {
    const rules: Rule[] = [
      { id: givenId("sgr", region, "default-in"), egress: false, protocol: "-1", group: id },
      { id: givenId("sgr", region, "default-out"), egress: true, ...ALL_TRAFFIC },
    ];
    const vpc = givenId("vpc", region);
    state.groups.put(id, { id, region, name: "default", description: "default VPC security group", vpc, rules });
  }
  return state.groups.values().filter((group) => group.region === region);
}
