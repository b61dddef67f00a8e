import type { Children } from "../control/resources.ts";
import type { ApiDoc } from "../state.ts";

/** An OpenAPI 3 document, as far as API Gateway reads it. */
export interface OpenApi {
  readonly openapi?: string;
  readonly swagger?: string;
  readonly info?: { readonly title?: string; readonly description?: string; readonly version?: string };
  readonly servers?: readonly Readonly<Record<string, unknown>>[];
  readonly security?: readonly object[];
  readonly paths?: Readonly<Record<string, PathItem>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, Schema>>;
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly requestBodies?: Readonly<Record<string, unknown>>;
    readonly responses?: Readonly<Record<string, unknown>>;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  };
  readonly [extension: `x-amazon-apigateway-${string}`]: unknown;
}
/** Operations by verb, and the `parameters` that they share. */
export type PathItem = Readonly<Record<string, unknown>>;
export interface SecurityScheme {
  readonly type?: string;
  readonly name?: string;
  readonly in?: string;
  readonly "x-amazon-apigateway-authtype"?: string;
  readonly "x-amazon-apigateway-authorizer"?: Readonly<Record<string, unknown>>;
}
/** The state of one import. */
export interface Import {
  readonly api: ApiDoc;
  readonly document: OpenApi;
  readonly children: Children;
  readonly warnings: string[];
}
export interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly unknown[];
  readonly requestBody?: unknown;
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly [extension: `x-amazon-apigateway-${string}`]: unknown;
}
/** JSON Schema as OpenAPI 3.0 writes it. */
export interface Schema {
  readonly $ref?: string;
  readonly [keyword: string]: unknown;
}
