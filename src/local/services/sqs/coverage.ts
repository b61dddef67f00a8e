/** Operations that do less than AWS's, and what they lack. */
export const partial: Readonly<Record<string, string>> = {
  CreateQueue: "standard queues; encryption is kept and shown, not done; a redrive policy is kept and not carried out",
};
