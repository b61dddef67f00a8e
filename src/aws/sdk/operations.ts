import { createAggregatedClient } from "@smithy/core/client";

type NameOf<Exported> = Exported extends `${infer Operation}Command` ? Uncapitalize<Operation> : Exported;

/** A client's methods for the commands and paginators that a file of this folder exports, with what each client has. */
export type Operations<Client, Exports> = Pick<
  Client,
  Extract<NameOf<keyof Exports> | "config" | "middlewareStack" | "destroy", keyof Client>
>;

/**
 * Gives a bare client a method for each command: `DescribeVpcsCommand` becomes `describeVpcs`. The SDK's own classes with methods have
 * all operations of a service, so that a bundle would hold all of its models: 1.8 MB for EC2.
 */
export function withOperations<Client>(exports: { readonly Client: unknown }): new (config: object) => Client {
  const Base = exports.Client as new (config: object) => object;
  const WithMethods = class extends Base {};
  const only = (isKind: (name: string) => boolean) => Object.fromEntries(Object.entries(exports).filter(([name]) => isKind(name)));
  createAggregatedClient(only((name) => name.endsWith("Command")) as never, WithMethods as never, {
    paginators: only((name) => name.startsWith("paginate")) as never,
  });
  return WithMethods as never;
}
