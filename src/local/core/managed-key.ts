import { createHash } from "node:crypto";

/** Id of the key that AWS manages for a service in a region, as a UUID. It is derived from the names, so it need not be stored. */
export function managedKeyId(service: string, region: string): string {
  const id = createHash("sha256").update(`aws/${service} ${region}`).digest("hex");
  return `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-8${id.slice(17, 20)}-${id.slice(20, 32)}`;
}
export const managedKeyArn = (service: string, region: string, account: string): string =>
  `arn:aws:kms:${region}:${account}:key/${managedKeyId(service, region)}`;
