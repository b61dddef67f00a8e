/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateSecret: "no replicas; encryption keys are kept, not used",
  BatchGetSecretValue: "by SecretIdList only",
  RotateSecret: "rotates when called, never by its schedule",
  ValidateResourcePolicy: "checks that it is a policy, not that it is a safe one",
};
