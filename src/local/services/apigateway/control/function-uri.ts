/** Name or ARN of the function in the URI of an integration or authorizer; undefined for any other URI. */
export const functionIn = (uri: string): string | undefined => /:lambda:path\/2015-03-31\/functions\/(.+)\/invocations$/.exec(uri)?.[1];
