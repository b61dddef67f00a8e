import { createAggregatedClient } from "@smithy/core/client";

type NameOf<Command> = Command extends `${infer Operation}Command` ? Uncapitalize<Operation> : never;

/** A client's methods for these commands and paginators, with what each client has. */
export type Operations<Client, Commands, Paginators = unknown> = Pick<
  Client,
  Extract<NameOf<keyof Commands> | keyof Paginators | "config" | "middlewareStack" | "destroy", keyof Client>
>;

/**
 * Gives a bare client a method for each command: `DescribeVpcsCommand` becomes `describeVpcs`. The SDK's own classes with methods have
 * all operations of a service, so that a bundle would hold all of its models: 1.8 MB for EC2.
 */
export function withOperations<Client>(Bare: unknown, commands: object, paginators: object = {}): new (config: object) => Client {
  const Base = Bare as new (config: object) => never;
  const WithMethods = class extends (Base as new (config: object) => object) {};
  createAggregatedClient({ ...commands }, WithMethods as never, { paginators });
  return WithMethods as never;
}
