import type * as EC2 from "@aws-sdk/client-ec2";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { networkOf } from "./network.ts";
import { filtered, page } from "./query.ts";
import { type Ec2State, groupsOf } from "./state.ts";

/** The tags of a create call for the new resource. */
export function specified(specifications: readonly EC2.TagSpecification[] | undefined, type: string): EC2.Tag[] {
  const odd = specifications?.find((one) => one.ResourceType !== type);
  if (odd)
    throw new LocalFault("InvalidParameterValue", `'${odd.ResourceType}' is not a valid taggable resource type for this operation.`, 400);
  const tags = (specifications ?? []).flatMap((one) => one.Tags ?? []);
  checkTags(tags);
  return tags.map(({ Key, Value = "" }) => ({ Key, Value }));
}

function checkTags(tags: readonly EC2.Tag[]): void {
  for (const { Key = "", Value = "" } of tags) {
    if (Key.toLowerCase().startsWith("aws:"))
      throw new LocalFault("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use", 400);
    if (!Key || Key.length > 127)
      throw new LocalFault("InvalidParameterValue", `Tag key exceeds the maximum length of 127 characters`, 400);
    if (Value.length > 255) throw new LocalFault("InvalidParameterValue", `Tag value exceeds the maximum length of 255 characters`, 400);
  }
  const keys = tags.map((tag) => tag.Key);
  if (new Set(keys).size < keys.length) throw new LocalFault("InvalidParameterValue", "Duplicate tag key specified.", 400);
  if (tags.length > 50) throw new LocalFault("TagLimitExceeded", "More than 50 tags are specified", 400);
}

/** The resource type of an id. Throws AWS's error for an unknown id. */
function typeOf(env: LocalEnv, state: Ec2State, id: string, region: string): string {
  const { vpc, subnets, gateway, routes } = networkOf(region, env.account, state);
  if (id === vpc.VpcId) return "vpc";
  if (subnets.some((subnet) => subnet.SubnetId === id)) return "subnet";
  if (id === gateway.InternetGatewayId) return "internet-gateway";
  if (id === routes.RouteTableId) return "route-table";
  if (id.startsWith("sg-") && groupsOf(state, region).some((group) => group.id === id)) return "security-group";
  if (id.startsWith("sgr-") && groupsOf(state, region).some((group) => group.rules.some((rule) => rule.id === id)))
    return "security-group-rule";
  if (id.startsWith("sg-")) throw new LocalFault("InvalidGroup.NotFound", `The security group '${id}' does not exist`, 400);
  throw new LocalFault("InvalidID", `The ID '${id}' is not valid`, 400);
}

export function tagOperations(env: LocalEnv, state: Ec2State) {
  const create: Handler<EC2.CreateTagsCommandInput, EC2.CreateTagsCommandOutput> = (input, { region }) => {
    checkTags(input.Tags ?? []);
    const typed = (input.Resources ?? []).map((id) => [id, typeOf(env, state, id, region)] as const);
    for (const [id, type] of typed) {
      const merged = new Map([...(state.tags.get(id)?.tags ?? []), ...(input.Tags ?? [])].map((tag) => [tag.Key, tag.Value ?? ""]));
      const tags = [...merged].map(([Key, Value]) => ({ Key, Value }));
      checkTags(tags);
      state.tags.put(id, { region, type, tags });
    }
    return {};
  };
  const remove: Handler<EC2.DeleteTagsCommandInput, EC2.DeleteTagsCommandOutput> = (input, { region }) => {
    for (const id of input.Resources ?? []) {
      const type = typeOf(env, state, id, region);
      // Without a list, all tags are removed. A tag with a value is removed only when it has that value.
      const goes = (tag: EC2.Tag) =>
        !input.Tags || input.Tags.some((one) => one.Key === tag.Key && (one.Value === undefined || one.Value === tag.Value));
      state.tags.put(id, { region, type, tags: (state.tags.get(id)?.tags ?? []).filter((tag) => !goes(tag)) });
    }
    return {};
  };
  const describe: Handler<EC2.DescribeTagsCommandInput, EC2.DescribeTagsCommandOutput> = (input, { region }) => {
    const all = state.tags
      .entries()
      .filter(([, one]) => one.region === region)
      .flatMap(([ResourceId, { type, tags }]) =>
        tags.map(({ Key, Value }): EC2.TagDescription => ({ ResourceId, ResourceType: type as EC2.ResourceType, Key, Value })),
      );
    const { items, more } = page(
      filtered(all, input.Filters, attributesOf, (tag) => [{ Key: tag.Key, Value: tag.Value }]),
      input,
    );
    return { Tags: items, ...more };
  };
  return { CreateTags: create, DeleteTags: remove, DescribeTags: describe };
}

const attributesOf = (tag: EC2.TagDescription) => ({
  key: [tag.Key],
  value: [tag.Value],
  "resource-id": [tag.ResourceId],
  "resource-type": [tag.ResourceType],
});
