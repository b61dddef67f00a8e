declare module "proxy-from-env" {
  /** The proxy for this address by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case of letters; "" when there is none. */
  export function getProxyForUrl(url: string | URL): string;
}
