/** A policy document for `aws iam create-policy --policy-document`; it is not wrapped. Pure. */
export const policyText = (policy: object): string => JSON.stringify(policy, null, 2);

/** Warning about a policy that is longer than a managed policy may be (6,144 characters without white space; IAM quotas). Pure. */
export const tooLongText = (parts: number): string =>
  `The policy is longer than a managed policy may be (6,144 characters); --part 1 to --part ${parts} print it in parts.`;
