/** Operations that do less than AWS does, with the missing parts. */
export const partial: Readonly<Record<string, string>> = {
  CreateWebACL:
    "of the scope REGIONAL; rules by rate and the default action stop requests of the local API Gateway, all other statements are kept and look at nothing",
  UpdateWebACL: "as CreateWebACL",
  AssociateWebACL: "with stages of REST APIs",
};
