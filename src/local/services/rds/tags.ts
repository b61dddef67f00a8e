import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, LocalFault } from "../../core/service.ts";
import { documentKey, snapshotNamed } from "./documents.ts";
import { existingSubscription } from "./event-subscriptions.ts";
import { parameterGroupNamed } from "./parameter-groups.ts";
import type { Rds } from "./rds.ts";
import { checkTags } from "./validation.ts";

/** The tags of a resource, and the function that stores new ones. */
interface Tagged {
  readonly tags: readonly RDS.Tag[];
  readonly write: (tags: readonly RDS.Tag[]) => void;
}

function tagged(rds: Rds, arn: string): Tagged {
  const { state, instances } = rds;
  const [, , service, region = "", , kind, ...rest] = arn.split(":");
  const name = rest.join(":");
  const key = documentKey(region, name);
  if (service !== "rds") throw new LocalFault("InvalidParameterValue", `Invalid resource name: ${arn}`, 400);
  if (kind === "db") {
    const instance = instances.existing(region, name);
    return { tags: instance.tags, write: (tags) => void instances.change(instance, { tags }) };
  }
  if (kind === "snapshot") {
    const snapshot = snapshotNamed(state, region, name);
    return { tags: snapshot.tags, write: (tags) => state.snapshots.put(key, { ...snapshot, tags }) };
  }
  if (kind === "pg") {
    const group = parameterGroupNamed(rds, region, name);
    return { tags: group.tags, write: (tags) => state.parameterGroups.put(key, { ...group, tags }) };
  }
  if (kind === "es") {
    const subscription = existingSubscription(rds, region, name);
    return { tags: subscription.tags, write: (tags) => state.eventSubscriptions.put(key, { ...subscription, tags }) };
  }
  const group = kind === "subgrp" ? state.subnetGroups.get(key) : undefined;
  if (!group) throw new LocalFault("InvalidParameterValue", `Invalid resource name: ${arn}`, 400);
  return { tags: group.tags, write: (tags) => state.subnetGroups.put(key, { ...group, tags }) };
}

export function tagOperations(rds: Rds) {
  const add: Handler<RDS.AddTagsToResourceCommandInput, RDS.AddTagsToResourceCommandOutput> = (input) => {
    const { tags, write } = tagged(rds, input.ResourceName ?? "");
    const merged = new Map([...tags, ...(input.Tags ?? [])].map(({ Key, Value }) => [Key, Value ?? ""]));
    const all = [...merged].map(([Key, Value]) => ({ Key, Value }));
    checkTags(all);
    write(all);
    return {};
  };
  const remove: Handler<RDS.RemoveTagsFromResourceCommandInput, RDS.RemoveTagsFromResourceCommandOutput> = (input) => {
    const { tags, write } = tagged(rds, input.ResourceName ?? "");
    write(tags.filter(({ Key }) => !input.TagKeys?.includes(Key ?? "")));
    return {};
  };
  const list: Handler<RDS.ListTagsForResourceCommandInput, RDS.ListTagsForResourceCommandOutput> = (input) => ({
    TagList: [...tagged(rds, input.ResourceName ?? "").tags],
  });
  return { AddTagsToResource: add, RemoveTagsFromResource: remove, ListTagsForResource: list };
}
