/** Operations that do less than AWS's, and what they lack. */
export const partial: Readonly<Record<string, string>> = {
  CreateWebACL: "of the scope REGIONAL; kept and shown, it stops no request",
  UpdateWebACL: "kept and shown, it stops no request",
  AssociateWebACL: "with stages of REST APIs",
};
