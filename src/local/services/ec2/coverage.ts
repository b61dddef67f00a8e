/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  DescribeVpcs: "the default network of each region, which cannot be changed",
  DescribeSubnets: "those of the default network",
  DescribeRouteTables: "that of the default network",
  DescribeInternetGateways: "that of the default network",
  DescribeVpcAttribute: "DNS attributes only, always true",
  DescribeNetworkInterfaces: "those of databases",
  CreateSecurityGroup: "in the default network only; kept and shown, it filters nothing: everything here listens on loopback",
  DescribeSecurityGroupRules: "filters by group, rule and tag",
};
