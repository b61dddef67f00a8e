import type { AwsLocation } from "../engine/contract.ts";

/** ARN of a resource of this account and region. */
export const arnAt = ({ partition, region, account }: AwsLocation, service: string, resource: string): string =>
  `arn:${partition}:${service}:${region}:${account}:${resource}`;

/** ARN of a resource that belongs to the account and to no region. */
export const globalArnAt = (place: AwsLocation, service: string, resource: string): string =>
  arnAt({ ...place, region: "" }, service, resource);

/** IAM actions of one service. */
export const actions = (service: string, ...names: readonly string[]): readonly string[] => names.map((name) => `${service}:${name}`);
