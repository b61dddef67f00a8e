/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  GetRole: "RoleLastUsed is empty",
  CreateServiceLinkedRole: "for RDS, API Gateway, Lambda replication and DynamoDB scaling",
  ListPolicies: "of AWS's own policies those that functions, logs and databases need; ReadOnlyAccess covers the services here",
  ListEntitiesForPolicy: "roles only: there are no users and groups",
  SimulatePrincipalPolicy: "of roles and root, without further policies; no matched statements",
  GetUser: "the account's owner only",
  GetAccountSummary: "roles and policies",
  ListUsers: "always empty",
  ListGroups: "always empty",
  ListInstanceProfiles: "always empty",
  ListInstanceProfilesForRole: "always empty",
  ListAccountAliases: "always empty",
};
